package gcsbucket_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// fake returns the bucket "bkt" of a server that answers as no real one can be
// made to.
func fake(t *testing.T, answer http.HandlerFunc, o ...*gcsbucket.Options) *gcsbucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	client := gcstest.NewClient(t, srv.URL, &http.Transport{})
	return gcsbucket.New(client, "bkt", append(o, nil)[0])
}

// What a server does with odd keys is its own affair; on the wire they are
// exact, and never more than one segment.
func TestKeysOnTheWire(t *testing.T) {
	var got string
	s := fake(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for key, want := range map[string]string{
		"a/b":         "/bkt/a%2Fb",
		"a//b":        "/bkt/a%2F%2Fb",
		"/a":          "/bkt/%2Fa",
		"a/../b":      "/bkt/a%2F..%2Fb",
		"a/./b":       "/bkt/a%2F.%2Fb",
		"a+b":         "/bkt/a+b",
		"a%41":        "/bkt/a%2541",
		"a%2Fb":       "/bkt/a%252Fb",
		"a?b&c":       "/bkt/a%3Fb&c",
		"a#b":         "/bkt/a%23b",
		"a b":         "/bkt/a%20b",
		"ąę日":         "/bkt/%C4%85%C4%99%E6%97%A5",
		`a\b:@,;=$~_`: "/bkt/a%5Cb:@%2C%3B=$~_",
	} {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%q): %v", key, err)
			continue
		}
		h.Close()
		if got != want {
			t.Errorf("%q is asked for as %q, want %q", key, got, want)
		}
	}
}

// A range must be the one that was asked for, or it is no answer at all.
func TestOtherRanges(t *testing.T) {
	tests := []struct {
		name           string
		offset, length int64
		status         int
		contentRange   string
		body           string
		want           error
	}{
		{"asked for", 2, 3, 206, "bytes 2-4/10", "234", nil},
		{"cut at the end", 8, 5, 206, "bytes 8-9/10", "89", nil},
		{"suffix", -3, 0, 206, "bytes 7-9/10", "789", nil},
		{"ignored", 2, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"beginning ignored", 0, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"suffix ignored", -3, 0, 200, "", "0123456789", errors.ErrUnsupported},
		{"ignored, and all of it", 0, 10, 200, "", "0123456789", nil},
		{"ignored, and empty", 0, -1, 200, "", "", downloadview.ErrRange},
		{"another beginning", 2, 3, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
		{"shorter", 2, 3, 206, "bytes 2-3/10", "23", downloadview.ErrUpstream},
		{"longer", 2, 3, 206, "bytes 2-5/10", "2345", downloadview.ErrUpstream},
		{"another suffix", -3, 0, 206, "bytes 6-9/10", "6789", downloadview.ErrUpstream},
		{"size unknown", 2, 3, 206, "bytes 2-4/*", "234", errors.ErrUnsupported},
		{"other length", 2, 3, 206, "bytes 2-4/10", "23456", downloadview.ErrUpstream},
		{"past its size", 2, 3, 206, "bytes 2-4/4", "234", downloadview.ErrUpstream},
		{"other unit", 2, 3, 206, "lines 2-4/10", "234", downloadview.ErrUpstream},
		{"negative", 2, 3, 206, "bytes -2-4/10", "234", downloadview.ErrUpstream},
		{"part instead of all", 0, -1, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.contentRange != "" {
					w.Header().Set("Content-Range", tt.contentRange)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			h, err := file(t, s, "a").(downloadview.RangeFile).OpenRange(t.Context(), tt.offset, tt.length)
			if !errors.Is(err, tt.want) {
				t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, tt.want)
			}
			if tt.want == nil {
				if got := content(t, h); got != tt.body {
					t.Errorf("content %q, want %q", got, tt.body)
				}
			}
		})
	}
}

func TestPartInsteadOfTheWhole(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-2/10")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, "012")
	})
	if _, err := file(t, s, "a").Open(t.Context()); !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Open: %v, want ErrUpstream", err)
	}
}

// A body that breaks off is an error, and nothing is put in the place of the
// rest: the SDK, left to itself, asks again and takes for the rest what comes.
func TestShortBody(t *testing.T) {
	asked := 0
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 3 { // enough is seen
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("X-Goog-Generation", "7")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", "10")
		if byteRange := r.Header.Get("Range"); byteRange != "" {
			w.Header().Set("Content-Range", "bytes 0-9/10")
			if byteRange == "bytes=5-14" {
				w.Header().Set("Content-Range", "bytes 5-14/20")
			}
			w.WriteHeader(http.StatusPartialContent)
		}
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	f := file(t, s, "a")
	for name, open := range map[string]func() (fs.File, error){
		"whole":  func() (fs.File, error) { return f.Open(t.Context()) },
		"range":  func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 5, 10) },
		"suffix": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, -100, 0) },
	} {
		asked = 0
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(h)
		if string(got) != "0123" || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %q, %v, want 0123, io.ErrUnexpectedEOF and ErrUpstream", name, got, err)
		}
		if asked != 1 {
			t.Errorf("%s: asked %d times, want once", name, asked)
		}
		if err := h.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
	}
}

// A store that breaks off must not leave what looks like a whole download.
func TestStoreBreaksOff(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(make([]byte, 500_000))
		panic(http.ErrAbortHandler)
	})
	resp, body, err := buckettest.Get(t, "GET", buckettest.Serve(t, s)+"/a")
	if resp.StatusCode != http.StatusOK || err == nil {
		t.Errorf("status %d, %d bytes, %v, want 200 and an error", resp.StatusCode, len(body), err)
	}
}

// Bytes that are not those that were stored are not taken for them.
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

// What somebody has decoded on the way has neither the length nor the tag of
// what is stored.
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

func TestErrorAnswers(t *testing.T) {
	tests := []struct {
		status int
		reason string // of the JSON API
		want   error
		client int // status for the client
	}{
		{404, "notFound", fs.ErrNotExist, 404},
		{403, "forbidden", fs.ErrNotExist, 404},
		{400, "userProjectMissing", downloadview.ErrUpstream, 502},
		{401, "authError", downloadview.ErrUpstream, 502},
		{408, "requestTimeout", os.ErrDeadlineExceeded, 504},
		{412, "conditionNotMet", downloadview.ErrChanged, 503},
		{416, "requestedRangeNotSatisfiable", downloadview.ErrRange, 500},
		{429, "rateLimitExceeded", downloadview.ErrUpstream, 503},
		{500, "backendError", downloadview.ErrUpstream, 502},
		{503, "backendError", downloadview.ErrUpstream, 503},
		{504, "gatewayTimeout", os.ErrDeadlineExceeded, 504},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, " ", tt.reason), func(t *testing.T) {
			asked := 0
			s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked > 3 { // enough is seen
					refuse(w, http.StatusTeapot, "")
					return
				}
				w.Header().Set("Retry-After", "7")
				refuse(w, tt.status, tt.reason)
			})
			f := file(t, s, "a")
			_, opened := f.Open(t.Context())
			_, part := downloadview.OpenRange(t.Context(), f, 0, 1)
			_, stat := downloadview.Stat(t.Context(), f)
			for _, err := range []error{opened, part, stat} {
				if !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				if got := downloadview.StatusCode(err); got != tt.client {
					t.Errorf("the client sees %d, want %d", got, tt.client)
				}
				if e, ok := errors.AsType[*downloadview.StatusError](err); ok && e.Header.Get("Retry-After") != "7" {
					t.Errorf("header %v, want Retry-After 7", e.Header)
				}
				cause, ok := errors.AsType[*googleapi.Error](err)
				known := ok && cause.Code == tt.status || strings.Contains(err.Error(), storage.ErrObjectNotExist.Error())
				if !known {
					t.Errorf("%v has no cause with status %d", err, tt.status)
				}
			}
			if asked != 3 {
				t.Errorf("asked %d times, want once for each", asked)
			}
		})
	}
}

// refuse answers as the JSON API does, whose errors have a reason.
func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"no","errors":[{"reason":%q}]}}`, status, reason)
}

// A limit of requests is forbidden to exceed, says the JSON API.
func TestThrottled(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "userRateLimitExceeded") })
	_, err := downloadview.Stat(t.Context(), file(t, s, "a"))
	e, ok := errors.AsType[*downloadview.StatusError](err)
	if !ok || e.Status != http.StatusServiceUnavailable || e.Header.Get("Retry-After") != "3" {
		t.Errorf("Stat: %v, want 503 with Retry-After 3", err)
	}
}

// The header is what should have a timeout.
func TestHeaderTimeout(t *testing.T) {
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(done) })
	client := gcstest.NewClient(t, srv.URL, &http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond})
	_, err := file(t, gcsbucket.New(client, "bkt", nil), "a").Open(t.Context())
	e, ok := errors.AsType[net.Error](err)
	if !ok || !e.Timeout() || downloadview.StatusCode(err) != http.StatusGatewayTimeout {
		t.Errorf("Open: %v, want a timeout that is answered with 504", err)
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

// A busy store's Retry-After reaches the client, and nothing else of it.
func TestBusyStore(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("X-Guploader-Uploadid", "secret")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "<Error><Code>SlowDown</Code><Message>secret bkt</Message></Error>")
	})
	resp, body, err := buckettest.Get(t, "GET", buckettest.Serve(t, s)+"/a")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("status %d, Retry-After %q, %v, want 503 and 7", resp.StatusCode, resp.Header.Get("Retry-After"), err)
	}
	if all := fmt.Sprint(resp.Header, string(body)); strings.Contains(all, "secret") || strings.Contains(all, "bkt") {
		t.Errorf("the client sees %s", all)
	}
}

// Folders come after the objects of their page, and a page at a time.
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
	if got, want := listing(t, s, ""), []string{"a/", "a-/", "a-b", "a.c", "a0", "b/"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
	if asked != 2 {
		t.Errorf("%d requests, want one for each page", asked)
	}
}

func TestUnknownSize(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		io.WriteString(w, "456789")
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributes(t, h.Stat); a.Size != -1 || a.ETag != "" {
		t.Errorf("%+v of an answer with neither length nor generation, want -1 and no tag", a)
	}
	if got := content(t, h); got != "0123456789" {
		t.Errorf("content %q, want 0123456789", got)
	}
	if _, err := downloadview.OpenRange(t.Context(), file(t, s, "a"), 0, 3); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OpenRange: %v, want errors.ErrUnsupported", err)
	}
}
