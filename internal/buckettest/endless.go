package buckettest

import (
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
)

// EndlessErrors checks that of a page of an error that doesn't end, only the beginning
// is read.
func (f *Fake) EndlessErrors(t *testing.T) {
	const most = 64 << 20 // far more than the buffers on the way
	for _, status := range []int{403, 404, 416, 500} {
		sent := make(chan int, 1)
		file := f.file(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			n := 0
			for block := make([]byte, 1<<20); n < most; n += len(block) {
				if _, err := w.Write(block); err != nil {
					break
				}
			}
			sent <- n
		})
		for _, open := range []func() error{
			func() error { return closed(file.Open(t.Context())) },
			func() error { return closed(openRange(t.Context(), file, 5, 10)) },
		} {
			err := open()
			if n := <-sent; err == nil || n >= most {
				t.Errorf("%d: %v after %d bytes of its page", status, downloadview.StatusCode(err), n)
			}
			if text := err.Error(); len(text) > 16<<10 {
				t.Errorf("%d: the text of the error has %d bytes", status, len(text))
			}
		}
	}
}
