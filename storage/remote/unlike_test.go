package remote_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
)

// 203 is a 200 that a proxy has modified; no other successful status is
// accepted.
func TestOtherSuccesses(t *testing.T) {
	for status, want := range map[int]int{200: 200, 203: 200, 201: 502, 202: 502, 204: 502, 205: 502, 206: 502, 207: 502, 226: 502} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != 204 && status != 205 {
				w.Write([]byte("0123"))
			}
		})
		url := buckettest.Serve(t, s)
		for _, method := range []string{"GET", "HEAD"} {
			if resp, _, _ := buckettest.Get(t, method, url+"/a"); resp.StatusCode != want {
				t.Errorf("%d to %s is answered with %d, want %d", status, method, resp.StatusCode, want)
			}
		}
		if resp, body, err := buckettest.Get(t, "GET", url+"/a", "Range", "bytes=1-2"); resp.StatusCode != want || want == 200 && (string(body) != "0123" || err != nil) {
			t.Errorf("%d to a range is answered with %d %q, want %d and the whole", status, resp.StatusCode, body, want)
		}
	}
}

// An origin's stored fields are passed on like a bucket's.
func TestWhatIsKeptBesideAFile(t *testing.T) {
	content := []byte("0123456789")
	sum, short := sha256.Sum256(content), md5.Sum(content)
	sha, md := base64.StdEncoding.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(short[:])
	for _, tt := range []struct {
		field, value string
		whole, part  string // ReprDigest
	}{
		{"Repr-Digest", "sha-256=:" + sha + ":", "sha-256=:" + sha + ":", "sha-256=:" + sha + ":"},
		{"Repr-Digest", "md5=:" + md + ":, sha-256=:" + sha + ":", "sha-256=:" + sha + ":", "sha-256=:" + sha + ":"},
		{"Repr-Digest", "sha-256=:" + md + ":", "", ""}, // too short
		{"Repr-Digest", "unixsum=30637", "", ""},
		{"Digest", "SHA-256=" + sha, "sha-256=:" + sha + ":", "sha-256=:" + sha + ":"},
		{"Content-Digest", "sha-256=:" + sha + ":", "sha-256=:" + sha + ":", ""},
		{"Content-MD5", md, "md5=:" + md + ":", ""},
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Disposition", `attachment; filename="a b.txt"`)
			h["Cache-Control"] = []string{"public", "max-age=60"}
			h.Set("Expires", "Wed, 21 Oct 2037 07:28:00 GMT")
			h.Set("Last-Modified", "yesterday")
			h.Set(tt.field, tt.value)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})
		f := file(t, s, "a")
		for name, stat := range map[string]func() (fs.FileInfo, error){
			"whole": func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) },
			"part": func() (fs.FileInfo, error) {
				h, err := downloadview.OpenRange(t.Context(), f, 1, 2)
				if err != nil {
					return nil, err
				}
				defer h.Close()
				return h.Stat()
			},
		} {
			a := attributes(t, stat)
			if a.Disposition != `attachment; filename="a b.txt"` || a.CacheControl != "public, max-age=60" || a.Expires != "Wed, 21 Oct 2037 07:28:00 GMT" || !a.ModTime.IsZero() {
				t.Errorf("%s: %+v, want what the origin has", name, a)
			}
			if want := map[string]string{"whole": tt.whole, "part": tt.part}[name]; a.ReprDigest != want {
				t.Errorf("%s: %s %s becomes %q, want %q", name, tt.field, tt.value, a.ReprDigest, want)
			}
		}
	}
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Expires", "0") })
	if a := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a")) }); a.Expires != "" {
		t.Errorf("Expires %q that is no date, want none", a.Expires)
	}
}
