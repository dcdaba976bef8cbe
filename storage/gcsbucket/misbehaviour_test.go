package gcsbucket_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// Bytes that don't match the stored checksum are an error.
func TestWrongChecksum(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Goog-Hash", "crc32c=AAAAAA==")
		io.WriteString(w, "0123456789")
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, err := io.ReadAll(h); !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("%q, %v, want ErrUpstream", got, err)
	}
}

// If a proxy on the way has decoded an object, it has neither the length nor
// the tag of the stored bytes.
func TestDecodedOnTheWay(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Goog-Generation", "7")
		w.Header().Set("X-Goog-Stored-Content-Encoding", "gzip")
		io.WriteString(w, "0123456789")
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributes(t, h.Stat); a.Size != -1 || a.ETag != "" || a.ContentEncoding != "" {
		t.Errorf("%+v, want neither size nor tag", a)
	}
	if got := content(t, h); got != "0123456789" {
		t.Errorf("content %q, want all", got)
	}
	if _, err := downloadview.OpenRange(t.Context(), file(t, s, "a"), -3, -1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OpenRange: %v, want errors.ErrUnsupported", err)
	}
}

// In the JSON API, too many requests are a 403 with a reason.
func TestThrottled(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "userRateLimitExceeded") })
	_, err := downloadview.Stat(t.Context(), file(t, s, "a"))
	e, ok := errors.AsType[*downloadview.StatusError](err)
	if !ok || e.Status != http.StatusServiceUnavailable || e.Header.Get("Retry-After") != "3" {
		t.Errorf("Stat: %v, want 503 with Retry-After 3", err)
	}
}

func TestRetry(t *testing.T) {
	for name, o := range map[string]*gcsbucket.Options{
		"once":  nil,
		"twice": {Retry: []storage.RetryOption{storage.WithMaxAttempts(2), storage.WithBackoff(gax.Backoff{Initial: 1, Max: 1})}},
	} {
		asked := 0
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}, o)
		h, err := file(t, s, "a").Open(t.Context())
		if err == nil {
			h.Close()
		}
		if (err == nil) != (name == "twice") {
			t.Errorf("%s: %v after %d requests", name, err, asked)
		}
	}
}

// In each page, folders come after the objects.
func TestListPages(t *testing.T) {
	pages := map[string]string{
		"":    `{"nextPageToken":"two","items":[{"name":"a-b","size":"1"},{"name":"a.c","size":"1"}],"prefixes":["a-/"]}`,
		"two": `{"items":[{"name":"a0","size":"1"}],"prefixes":["a/","b/"]}`,
	}
	asked := 0
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if q := r.URL.Query(); q.Get("delimiter") != "/" || !strings.Contains(q.Get("fields"), "items(") {
			t.Errorf("listed with %s, want a delimiter and fields", r.URL.RawQuery)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, pages[r.URL.Query().Get("pageToken")])
	})
	if got, want := buckettest.Names(t, s, ""), []string{"a/", "a-/", "a-b", "a.c", "a0", "b/"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
	if asked != 2 {
		t.Errorf("%d requests, want one for each page", asked)
	}
}
