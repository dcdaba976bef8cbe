package buckettest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TellsNothing checks that a client receives nothing of a store's failure
// except the Retry-After of a busy store: no name, host or request ID.
func (f *Fake) TellsNothing(t *testing.T) {
	for _, status := range []int{400, 403, 404, 409, 412, 416, 429, 500, 503} {
		s := f.Open(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Content-Type", "application/xml")
			for _, field := range []string{"X-Amz-Request-Id", "X-Guploader-Uploadid", "X-Ms-Request-Id", "X-Ms-Error-Code", "X-Minio-Error-Code"} {
				w.Header().Set(field, "Secret")
			}
			w.WriteHeader(status)
			io.WriteString(w, "<Error><Code>Secret</Code><Message>secret bkt</Message></Error>")
		})
		resp, body, err := Get(t, "GET", Serve(t, s)+"/a")
		if err != nil {
			t.Fatal(err)
		}
		if busy := status == 429 || status == 503; busy && (resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "7") {
			t.Errorf("%d becomes %s with Retry-After %q, want 503 and 7", status, resp.Status, resp.Header.Get("Retry-After"))
		}
		all := strings.ToLower(fmt.Sprint(resp.Header, string(body)))
		for _, word := range []string{"secret", "bkt", "acct", "127.0.0.1"} {
			if strings.Contains(all, word) {
				t.Errorf("%d: the client sees %s", status, all)
			}
		}
	}
}
