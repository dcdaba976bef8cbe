package buckettest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
)

// LookStatuses are statuses with which a request for metadata may be refused.
var LookStatuses = []int{400, 401, 403, 404, 405, 500, 501}

// LookIsNoJudge checks that objects are served by reading them if the store
// refuses requests for metadata without a reason, as policies and proxies in
// front of a store do.
func (f *Fake) LookIsNoJudge(t *testing.T) {
	object := Numbered(1, 10_000)
	for _, status := range LookStatuses {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			JudgedByReading(t, status, f.Tag, f.Open(t, func(w http.ResponseWriter, r *http.Request) {
				if f.isLook(r) {
					w.WriteHeader(status)
					return
				}
				f.serve(w, r, object)
			}))
		})
	}
}

// JudgedByReading checks that a storage, whose store refuses requests for
// metadata with a status, serves objects of 10,000 bytes with this tag.
func JudgedByReading(t *testing.T, status int, tag string, s downloadview.Storage) {
	t.Helper()
	url := Serve(t, s)
	for _, tt := range []struct {
		name   string
		fields []string
		status int
		length int // -1: any
	}{
		{"whole", nil, 200, 10_000},
		{"not modified", []string{"If-None-Match", tag}, 304, 0},
		{"modified", []string{"If-None-Match", `"another"`}, 200, 10_000},
		{"failed precondition", []string{"If-Match", `"another"`}, 412, -1},
		{"range and precondition", []string{"If-Match", tag, "Range", "bytes=1-2"}, 206, 2},
		{"suffix", []string{"Range", "bytes=-7"}, 206, 7},
		{"suffix and precondition", []string{"Range", "bytes=-7", "If-Match", tag}, 206, 7},
		{"suffix and time", []string{"Range", "bytes=-7", "If-Unmodified-Since", "Wed, 21 Oct 2037 07:28:00 GMT"}, 206, 7},
		{"several ranges", []string{"Range", "bytes=0-0,5000-5001"}, 206, -1},
	} {
		resp, body, err := Get(t, "GET", url+"/a", tt.fields...)
		if err != nil || resp.StatusCode != tt.status || tt.length >= 0 && len(body) != tt.length {
			t.Errorf("%s: %d, %d bytes, %v; want %d", tt.name, resp.StatusCode, len(body), err, tt.status)
		}
	}
	want := 200
	if status == 404 {
		want = 404 // like the store's status
	}
	resp, _, _ := Get(t, "HEAD", url+"/a")
	if resp.StatusCode != want || want == 200 && resp.ContentLength != 10_000 {
		t.Errorf("HEAD: %d, length %d; want %d", resp.StatusCode, resp.ContentLength, want)
	}
	if found, err := downloadview.Exists(t.Context(), s, "a"); found != (want == 200) || err != nil {
		t.Errorf("Exists = %t, %v, want %t", found, err, want == 200)
	}
}
