package gcsbucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
	"github.com/downloadview/downloadview/storage/resume"
)

// watchedFake is fake with a client that has a Transport of the package.
func watchedFake(t *testing.T, answer http.HandlerFunc) *gcsbucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return gcsbucket.New(gcstest.NewClient(t, srv.URL, gcsbucket.Transport(&http.Transport{})), "bkt", nil)
}

// isLook tells the JSON API, by which looks are, from the XML API.
func isLook(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/storage/v1/") }

func answerWith(w http.ResponseWriter, r *http.Request, object []byte) {
	w.Header().Set("X-Goog-Generation", "7")
	http.ServeContent(w, r, "", time.Unix(1.7e9, 0), bytes.NewReader(object))
}

// A look that fails without a reason is no judge of reading.
func TestLookIsNoJudge(t *testing.T) {
	object := buckettest.Numbered(1, 10_000)
	for _, status := range []int{400, 401, 403, 404, 405, 500, 501} {
		url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, r *http.Request) {
			if isLook(r) {
				w.WriteHeader(status)
				return
			}
			answerWith(w, r, object)
		}))
		for _, tt := range []struct {
			name   string
			fields []string
			status int
			length int
		}{
			{"whole", nil, 200, 10_000},
			{"not modified", []string{"If-None-Match", `"7"`}, 304, 0},
			{"modified", []string{"If-None-Match", `"6"`}, 200, 10_000},
			{"failed precondition", []string{"If-Match", `"6"`}, 412, -1},
			{"suffix and precondition", []string{"Range", "bytes=-7", "If-Match", `"7"`}, 206, 7},
			{"several ranges", []string{"Range", "bytes=0-0,5000-5001"}, 206, -1},
		} {
			resp, body, err := buckettest.Get(t, "GET", url+"/a", tt.fields...)
			if err != nil || resp.StatusCode != tt.status || tt.length >= 0 && len(body) != tt.length {
				t.Errorf("look %d, %s: %d, %d bytes, %v; want %d", status, tt.name, resp.StatusCode, len(body), err, tt.status)
			}
		}
	}
}

// Only what was asked for is a success, where the client's Transport tells.
func TestOtherSuccesses(t *testing.T) {
	for _, status := range []int{201, 202, 203, 204, 205, 206, 207} {
		s := watchedFake(t, func(w http.ResponseWriter, _ *http.Request) {
			if status == 206 {
				w.Header().Set("Content-Range", "bytes 0-3/4")
			}
			w.WriteHeader(status)
			if status != 204 && status != 205 {
				io.WriteString(w, "0123")
			}
		})
		if _, err := file(t, s, "a").Open(t.Context()); !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(fmt.Sprint(err), fmt.Sprint(status)) {
			t.Errorf("%d: Open: %v, want ErrUpstream with the status", status, err)
		}
		if status == 206 {
			continue // a range that is more than was asked for is as good as the whole
		}
		if _, err := file(t, s, "a").(downloadview.RangeFile).OpenRange(t.Context(), 0, 3); !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%d: OpenRange: %v, want ErrUpstream", status, err)
		}
	}
}

// A field that the SDK can't read costs that field, and not the download, where
// the client's Transport is that of this package.
func TestUnreadableFields(t *testing.T) {
	for field, value := range map[string]string{"Last-Modified": "2026-01-02 03:04:05", "X-Goog-Metageneration": "first"} {
		s := watchedFake(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Goog-Generation", "7")
			w.Header().Set(field, value)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
		})
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Errorf("%s %q: %v", field, value, err)
			continue
		}
		if got := content(t, h); got != "0123456789" {
			t.Errorf("%s %q: content %q", field, value, got)
		}
	}
}

// What another try doesn't change is asked once, however patient one is.
func TestLastingFailuresAreAskedOnce(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		asked  int
		client int
	}{
		{401, "<Error><Code>AuthenticationRequired</Code></Error>", 1, 502},
		{400, "<Error><Code>UserProjectMissing</Code></Error>", 1, 502},
		{403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", 1, 502},
		{400, "<Error><Code>InvalidURI</Code></Error>", 1, 404},
		{501, "", 1, 502},
		{500, "", 3, 502},
	} {
		asked := 0
		s := resume.New(fake(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
		}), &resume.Options{Backoff: func(int) time.Duration { return 0 }})
		_, err := file(t, s, "a").Open(t.Context())
		if asked != tt.asked || downloadview.StatusCode(err) != tt.client {
			t.Errorf("%d %s is asked %d times, want %d and %d: %v", tt.status, tt.body, asked, tt.asked, tt.client, err)
		}
	}
}

// Requests for ranges that a store says it can't serve give the whole object.
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
			switch {
			case isLook(r):
				fmt.Fprintf(w, `{"bucket":"bkt","name":"a","size":"%d","generation":"7"}`, len(object))
			case r.Header.Get("Range") != "":
				w.Header().Set("X-Goog-Generation", "7")
				refuse(w)
			default:
				answerWith(w, r, object)
			}
		}))
		for _, asked := range []string{"bytes=1-9", "bytes=990-", "bytes=-10", "bytes=0-0,500-600"} {
			resp, body, err := buckettest.Get(t, "GET", url+"/a", "Range", asked)
			if err != nil || resp.StatusCode != 200 || !slices.Equal(body, object) {
				t.Errorf("%s, %s: %d, %d bytes, %v; want the whole", name, asked, resp.StatusCode, len(body), err)
			}
		}
	}
}
