package s3bucket_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// serve serves the keys of a storage under "/".
func serve(t *testing.T, s downloadview.Storage) string {
	t.Helper()
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	srv := httptest.NewServer(downloadview.NewHandler(
		downloadview.StorageView{Storage: s, Key: key},
		&downloadview.Options{Logger: slog.New(slog.DiscardHandler)},
	))
	t.Cleanup(srv.Close)
	return srv.URL
}

// download returns the answer and its body; the error is that of the body.
func download(t *testing.T, method, url string, fields ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

func statOf(t *testing.T, s downloadview.Storage, key string) func() (fs.FileInfo, error) {
	return func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, key)) }
}

func numbered(seed, n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "version %d line %d\n", seed, i)
	}
	return b.Bytes()[:n]
}

// What a download costs at the store: a request for each of the few things that
// it must know.
func TestRequestsOfDownloads(t *testing.T) {
	srv := s3test.Start(t)
	const size = 100_000
	object := numbered(1, size)
	srv.Put(t, "a b.txt", object)
	srv.Put(t, "empty", nil)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	url := serve(t, s)
	tag := attributes(t, statOf(t, s, "a b.txt")).ETag

	head := s3test.Request{Operation: "HeadObject"}
	whole := s3test.Request{Operation: "GetObject"}
	part := func(r string) s3test.Request { return s3test.Request{Operation: "GetObject", Range: r} }
	next := func(r string) s3test.Request { return s3test.Request{Operation: "GetObject", Range: r, IfMatch: tag} }
	tests := []struct {
		name   string
		method string
		path   string
		fields []string
		status int
		body   []byte
		want   []s3test.Request
	}{
		{"whole", "GET", "/a%20b.txt", nil, 200, object, []s3test.Request{whole}},
		{"empty", "GET", "/empty", nil, 200, nil, []s3test.Request{whole}},
		{"head", "HEAD", "/a%20b.txt", nil, 200, nil, []s3test.Request{head}},
		{"head with range", "HEAD", "/a%20b.txt", []string{"Range", "bytes=0-1"}, 200, nil, []s3test.Request{head}},
		{"range", "GET", "/a%20b.txt", []string{"Range", "bytes=10-19"}, 206, object[10:20], []s3test.Request{part("bytes=10-19")}},
		{"open range", "GET", "/a%20b.txt", []string{"Range", "bytes=10-"}, 206, object[10:], []s3test.Request{part("bytes=10-")}},
		{"range past the end", "GET", "/a%20b.txt", []string{"Range", "bytes=99990-200000"}, 206, object[99990:], []s3test.Request{part("bytes=99990-200000")}},
		{"suffix", "GET", "/a%20b.txt", []string{"Range", "bytes=-7"}, 206, object[size-7:], []s3test.Request{part("bytes=-7")}},
		{"not modified", "GET", "/a%20b.txt", []string{"If-None-Match", tag}, 304, nil, []s3test.Request{head}},
		{"modified", "GET", "/a%20b.txt", []string{"If-None-Match", `"other"`}, 200, object, []s3test.Request{head, whole}},
		{"match", "GET", "/a%20b.txt", []string{"If-Match", tag}, 200, object, []s3test.Request{head, whole}},
		{"no match", "GET", "/a%20b.txt", []string{"If-Match", `"other"`}, 412, nil, []s3test.Request{head, part("bytes=0-0")}},
		{
			"if-range holds", "GET", "/a%20b.txt",
			[]string{"Range", "bytes=1-2", "If-Range", tag},
			206, object[1:3],
			[]s3test.Request{part("bytes=1-2")},
		},
		{
			"if-range fails", "GET", "/a%20b.txt",
			[]string{"Range", "bytes=1-2", "If-Range", `"other"`},
			200, object,
			[]s3test.Request{part("bytes=1-2"), whole},
		},
		{"unsatisfiable", "GET", "/a%20b.txt", []string{"Range", "bytes=100000-"}, 416, nil, []s3test.Request{part("bytes=100000-"), head}},
		{"range of nothing", "GET", "/empty", []string{"Range", "bytes=0-"}, 200, nil, []s3test.Request{part("bytes=0-"), head}},
		{
			"three ranges", "GET", "/a%20b.txt",
			[]string{"Range", "bytes=0-9,50000-50009,-10"},
			206,
			slices.Concat(object[:10], object[50000:50010], object[size-10:]),
			[]s3test.Request{head, part("bytes=0-9"), next("bytes=50000-50009"), next("bytes=99990-99999")},
		},
		{"missing", "GET", "/gone", nil, 404, nil, []s3test.Request{whole}},
		{"range of what is missing", "GET", "/gone", []string{"Range", "bytes=0-1"}, 404, nil, []s3test.Request{part("bytes=0-1")}},
		{"head of what is missing", "HEAD", "/gone", nil, 404, nil, []s3test.Request{head}},
		{"impossible key", "GET", "/..%2F..%2Fx", nil, 404, nil, nil},
		{"other method", "POST", "/a%20b.txt", nil, 405, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv.Counter.Reset()
			resp, body, err := download(t, tt.method, url+tt.path, tt.fields...)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if resp.StatusCode < 300 && tt.method == "GET" {
				if got := bytesIn(t, resp, body); !bytes.Equal(got, tt.body) {
					t.Errorf("%d bytes arrive, or other ones; want %d", len(got), len(tt.body))
				}
				if got := resp.Header.Get("ETag"); tt.path != "/empty" && got != tag {
					t.Errorf("tag %s, want %s", got, tag)
				}
			}
			if got := srv.Counter.Requests(); !slices.Equal(got, tt.want) {
				t.Errorf("requests %v, want %v", got, tt.want)
			}
		})
	}
}

// bytesIn returns the bytes of an answer, those of all its parts where it has
// parts.
func bytesIn(t *testing.T, resp *http.Response, body []byte) []byte {
	t.Helper()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/byteranges" {
		return body
	}
	var all []byte
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
}

// An object that is replaced while its ranges are sent is never spliced.
func TestReplacedBetweenRanges(t *testing.T) {
	srv := s3test.Start(t)
	const size = 100_000
	old, young := numbered(1, size), numbered(2, size)
	url := serve(t, s3bucket.New(srv.Client, srv.Bucket, nil))

	replaceBefore := func(t *testing.T, nth int) {
		srv.Put(t, "a", old)
		reads := 0
		srv.Counter.Before(func(r s3test.Request) {
			if r.Operation != "GetObject" {
				return
			}
			if reads++; reads == nth {
				if err := srv.TryPut(t.Context(), "a", young); err != nil {
					t.Error(err)
				}
			}
		})
		t.Cleanup(func() { srv.Counter.Before(nil) })
	}

	t.Run("before the first", func(t *testing.T) {
		replaceBefore(t, 1)
		resp, body, err := download(t, "GET", url+"/a", "Range", "bytes=0-9999,50000-59999")
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(young[:10000], young[50000:60000])
		if got := bytesIn(t, resp, body); !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrive, want the new ones only", len(got))
		}
	})
	t.Run("before the second", func(t *testing.T) {
		replaceBefore(t, 2)
		resp, body, err := download(t, "GET", url+"/a", "Range", "bytes=0-9999,50000-59999")
		if resp.StatusCode != http.StatusPartialContent || err == nil {
			t.Errorf("status %d and %v, want 206 that breaks off", resp.StatusCode, err)
		}
		if !bytes.Contains(body, old[:10000]) || bytes.Contains(body, []byte("version 2")) {
			t.Errorf("%d bytes arrive, want the first range and nothing of the new version", len(body))
		}
	})
	t.Run("if-match", func(t *testing.T) {
		replaceBefore(t, 1)
		s := s3bucket.New(srv.Client, srv.Bucket, nil)
		tag := attributes(t, statOf(t, s, "a")).ETag
		resp, _, err := download(t, "GET", url+"/a", "If-Match", tag)
		if err != nil || resp.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("status %d, %v for what was replaced after the look, want 412", resp.StatusCode, err)
		}
	})
}

// A store that breaks off must not leave what looks like a whole download.
func TestStoreBreaksOff(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(make([]byte, 500_000))
		panic(http.ErrAbortHandler)
	})
	resp, body, err := download(t, "GET", serve(t, s)+"/a")
	if resp.StatusCode != http.StatusOK || err == nil {
		t.Errorf("status %d, %d bytes, %v, want 200 and an error", resp.StatusCode, len(body), err)
	}
}

// A busy store's Retry-After reaches the client, and nothing else of it.
func TestBusyStore(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("X-Amz-Request-Id", "secret")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "<Error><Code>SlowDown</Code><Message>secret bkt</Message></Error>")
	})
	resp, body, err := download(t, "GET", serve(t, s)+"/a")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("status %d, Retry-After %q, %v, want 503 and 7", resp.StatusCode, resp.Header.Get("Retry-After"), err)
	}
	if all := fmt.Sprint(resp.Header, string(body)); strings.Contains(all, "secret") || strings.Contains(all, "bkt") {
		t.Errorf("the client sees %s", all)
	}
}
