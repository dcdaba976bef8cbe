package azurebucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/resume"
)

// A HEAD that somebody before Azure refuses without a reason is no judge of a GET.
func TestHeadIsNoJudgeOfGet(t *testing.T) {
	object := buckettest.Numbered(1, 10_000)
	for _, status := range []int{400, 401, 403, 404, 405, 500, 501} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(status)
				return
			}
			ranged(w, r, object)
		})
		url := buckettest.Serve(t, s)
		for _, tt := range []struct {
			name   string
			fields []string
			status int
			length int
		}{
			{"whole", nil, 200, 10_000},
			{"not modified", []string{"If-None-Match", `"v1"`}, 304, 0},
			{"modified", []string{"If-None-Match", `"v0"`}, 200, 10_000},
			{"failed precondition", []string{"If-Match", `"v0"`}, 412, -1},
			{"suffix", []string{"Range", "bytes=-7"}, 206, 7},
			{"several ranges", []string{"Range", "bytes=0-0,5000-5001"}, 206, -1},
		} {
			resp, body, err := buckettest.Get(t, "GET", url+"/a", tt.fields...)
			if err != nil || resp.StatusCode != tt.status || tt.length >= 0 && len(body) != tt.length {
				t.Errorf("HEAD %d, %s: %d, %d bytes, %v; want %d", status, tt.name, resp.StatusCode, len(body), err, tt.status)
			}
		}
		want := status != 404
		if found, err := downloadview.Exists(t.Context(), s, "a"); found != want || err != nil {
			t.Errorf("HEAD %d: Exists = %t, %v, want %t", status, found, err, want)
		}
	}
}

// ranged serves object; Azure's clients ask for ranges by a field of its own.
func ranged(w http.ResponseWriter, r *http.Request, object []byte) {
	if asked := r.Header.Get("X-Ms-Range"); asked != "" {
		r.Header.Set("Range", asked)
	}
	w.Header().Set("ETag", `"v1"`)
	http.ServeContent(w, r, "", time.Unix(1.7e9, 0), bytes.NewReader(object))
}

// Only what was asked for is a success.
func TestOtherSuccesses(t *testing.T) {
	for _, status := range []int{201, 202, 203, 204, 205, 206, 207, 304} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != 204 && status != 205 && status != 304 {
				io.WriteString(w, "0123")
			}
		})
		f := file(t, s, "a")
		for name, call := range map[string]func() error{
			"Open": func() error { _, err := f.Open(t.Context()); return err },
			"Stat": func() error { _, err := downloadview.Stat(t.Context(), f); return err },
			"OpenRange": func() error {
				_, err := f.(downloadview.RangeFile).OpenRange(t.Context(), 1, 2)
				return err
			},
		} {
			if err := call(); status == 206 && errors.Is(err, errors.ErrUnsupported) {
				continue // a part of nothing known, in place of which the whole is asked for
			} else if !errors.Is(err, downloadview.ErrUpstream) {
				t.Errorf("%d: %s: %v, want ErrUpstream", status, name, err)
			}
		}
	}
}

// A field that the SDK can't read costs that field, and not the download.
func TestUnreadableFields(t *testing.T) {
	for field, value := range map[string]string{
		"Last-Modified":                       "2026-01-02 03:04:05",
		"X-Ms-Creation-Time":                  "once",
		"X-Ms-Blob-Sequence-Number":           "first",
		"X-Ms-Copy-Completion-Time":           "soon",
		"X-Ms-Server-Encrypted":               "perhaps",
		"X-Ms-Tag-Count":                      "many",
		"X-Ms-Blob-Content-Md5":               "***",
		"X-Ms-Last-Access-Time":               "never",
		"X-Ms-Legal-Hold":                     "perhaps",
		"X-Ms-Is-Current-Version":             "perhaps",
		"X-Ms-Immutability-Policy-Until-Date": "soon",
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/csv")
			w.Header().Set("X-Ms-Meta-Owner", "me")
			ranged(brokenField{w, field, value}, r, []byte("0123456789"))
		})
		f := file(t, s, "a.txt")
		check := func(name string, fi fs.FileInfo, err error) {
			if err != nil {
				t.Errorf("%s %q: %s: %v", field, value, name, err)
				return
			}
			a := downloadview.AttributesOf(fi)
			if a.Size != 10 || a.ETag != `"v1"` || a.ContentType != "text/csv" || downloadview.MetadataOf(fi)["owner"] != "me" {
				t.Errorf("%s %q: %s: %+v", field, value, name, a)
			}
			if a.ModTime.IsZero() != (field == "Last-Modified") {
				t.Errorf("%s %q: %s: time %v", field, value, name, a.ModTime)
			}
		}
		fi, err := f.(downloadview.StatFile).Stat(t.Context())
		check("Stat", fi, err)
		for name, want := range map[string]string{"Open": "0123456789", "OpenRange": "23"} {
			h, err := f.Open(t.Context())
			if name == "OpenRange" {
				h.Close()
				h, err = downloadview.OpenRange(t.Context(), f, 2, 2)
			}
			if err != nil {
				t.Errorf("%s %q: %s: %v", field, value, name, err)
				continue
			}
			fi, err := h.Stat()
			check(name, fi, err)
			if got, err := io.ReadAll(h); string(got) != want || err != nil {
				t.Errorf("%s %q: %s: %q, %v", field, value, name, got, err)
			}
			h.Close()
		}
	}
}

// brokenField adds a field when the header is written.
type brokenField struct {
	http.ResponseWriter
	field, value string
}

func (b brokenField) WriteHeader(status int) {
	b.Header().Set(b.field, b.value)
	b.ResponseWriter.WriteHeader(status)
}

// What another try doesn't change is asked once, however patient one is.
func TestLastingFailuresAreAskedOnce(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		asked  int
	}{
		{403, "AuthenticationFailed", 1},
		{403, "AuthorizationFailure", 1}, // the account's firewall
		{403, "AccountIsDisabled", 1},
		{401, "InvalidAuthenticationInfo", 1},
		{400, "InvalidHeaderValue", 1},
		{409, "ContainerBeingDeleted", 3},
		{500, "InternalError", 3},
		{400, "InvalidResourceName", 1},
	} {
		asked := 0
		s := resume.New(fake(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("X-Ms-Error-Code", tt.code)
			w.WriteHeader(tt.status)
		}), &resume.Options{Backoff: func(int) time.Duration { return 0 }})
		_, err := file(t, s, "a").Open(t.Context())
		want := 502
		if tt.code == "InvalidResourceName" {
			want = 404
		}
		if asked != tt.asked || downloadview.StatusCode(err) != want {
			t.Errorf("%d %s is asked %d times, want %d and %d: %v", tt.status, tt.code, asked, tt.asked, want, err)
		}
	}
}

// Requests for ranges that a store says it can't serve give the whole blob.
func TestStoreWithoutRanges(t *testing.T) {
	object := buckettest.Numbered(1, 1000)
	for name, refuse := range map[string]func(w http.ResponseWriter){
		"416": func(w http.ResponseWriter) { w.WriteHeader(416) },
		"501": func(w http.ResponseWriter) { w.WriteHeader(501) },
		"400": func(w http.ResponseWriter) { w.WriteHeader(400) },
		"200": func(w http.ResponseWriter) { w.Write(object) },
		"size unknown": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 0-9/*")
			w.WriteHeader(206)
			w.Write(object[:10])
		},
	} {
		url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Ms-Range") != "" {
				refuse(w)
				return
			}
			ranged(w, r, object)
		}))
		for _, asked := range []string{"bytes=1-9", "bytes=990-", "bytes=-10", "bytes=0-0,500-600"} {
			resp, body, err := buckettest.Get(t, "GET", url+"/a", "Range", asked)
			if err != nil || resp.StatusCode != 200 || !slices.Equal(body, object) {
				t.Errorf("%s, %s: %d, %d bytes, %v; want the whole", name, asked, resp.StatusCode, len(body), strings.TrimSpace(fmt.Sprint(err)))
			}
		}
	}
}
