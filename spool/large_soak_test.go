package spool_test

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

// Content may have more than 2 GiB, also where a word has 32 bits. make soak runs it there:
// it takes seconds, and the bytes in a temporary folder.
func TestMoreThan2GiB(t *testing.T) {
	if os.Getenv("DOWNLOADVIEW_SOAK") == "" {
		t.Skip("writes 2 GiB; runs if DOWNLOADVIEW_SOAK is set")
	}
	const most = 2<<30 + 3
	block := make([]byte, 1<<20)
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		for range 2 << 10 {
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
		_, err := w.Write([]byte("end"))
		return err
	}}
	s, _ := newSpool(t, t.TempDir(), &spool.Options{MaxBytes: most})
	f := p.file(&downloadview.Attributes{Size: most})
	if err := s.Warm(t.Context(), spool.ID{Key: "x"}, f); err != nil {
		t.Fatal(err)
	}
	resp := do(t, "GET", serve(t, s, f, nil)+"/x", map[string]string{"Range": "bytes=-3"})
	if got := string(read(t, resp)); got != "end" || p.calls.Load() != 1 {
		t.Errorf("the last bytes are %q, and it was made %d times, want end, once", got, p.calls.Load())
	}
}
