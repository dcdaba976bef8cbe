package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/iofs"
)

// serve serves the file that make returns for each request.
func serve(t testing.TB, make func() downloadview.File) (url string) {
	t.Helper()
	return serveObserved(t, nil, make)
}

func serveObserved(t testing.TB, observe func(*http.Request, downloadview.Outcome), make func() downloadview.File) (url string) {
	t.Helper()
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: make()}, nil
	})
	s := httptest.NewServer(downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.DiscardHandler), Observer: observe}))
	t.Cleanup(s.Close)
	return s.URL
}

// answer is what a client got. err is that of the body.
type answer struct {
	*http.Response
	body []byte
	err  error
}

func ask(t testing.TB, method, url string, fields ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp, b, err}
}

func zipOf(members []member) func() downloadview.File {
	return func() downloadview.File { return archive.Zip("all.zip", archive.Of(entriesOf(members)...), nil) }
}

// An archive is answered as any other file is.
func TestHandler(t *testing.T) {
	url := serve(t, zipOf(several()))
	want := read(t, zipOf(several())())
	whole := ask(t, "GET", url)
	tag := whole.Header.Get("Etag")
	if whole.StatusCode != 200 || whole.err != nil || !bytes.Equal(whole.body, want) {
		t.Fatalf("GET: %d, %d bytes, %v; want %d bytes", whole.StatusCode, len(whole.body), whole.err, len(want))
	}
	for key, value := range map[string]string{
		"Content-Length": strconv.Itoa(len(want)), "Accept-Ranges": "bytes", "Content-Type": "application/zip",
		"Content-Disposition": `attachment; filename="all.zip"`, "Last-Modified": "",
	} {
		if got := whole.Header.Get(key); got != value {
			t.Errorf("%s: %q, want %q", key, got, value)
		}
	}
	if len(tag) < 10 || tag[0] != '"' {
		t.Errorf("entity tag %s is not strong", tag)
	}
	for _, tt := range []struct {
		method string
		fields []string
		status int
		body   []byte
	}{
		{"HEAD", nil, 200, nil},
		{"GET", []string{"If-None-Match", tag}, 304, nil},
		{"GET", []string{"Range", "bytes=100-"}, 206, want[100:]},
		{"GET", []string{"Range", "bytes=-1000"}, 206, want[len(want)-1000:]},
		{"GET", []string{"Range", "bytes=0-"}, 206, want},
		{"GET", []string{"Range", "bytes=70000-", "If-Range", tag}, 206, want[70000:]},
		{"GET", []string{"Range", "bytes=70000-", "If-Range", `"other"`}, 200, want},
		{"GET", []string{"Range", fmt.Sprintf("bytes=%d-", len(want))}, 416, []byte("Requested Range Not Satisfiable\n")},
		{"GET", []string{"If-Match", `"other"`}, 412, []byte("Precondition Failed\n")},
	} {
		got := ask(t, tt.method, url, tt.fields...)
		if got.StatusCode != tt.status || got.err != nil || !bytes.Equal(got.body, tt.body) {
			t.Errorf("%s %q: %d, %d bytes, %v; want %d, %d bytes", tt.method, tt.fields, got.StatusCode, len(got.body), got.err, tt.status, len(tt.body))
		}
		if tt.method == "HEAD" && got.ContentLength != int64(len(want)) {
			t.Errorf("HEAD: length %d, want %d", got.ContentLength, len(want))
		}
	}
}

func TestSeveralRanges(t *testing.T) {
	url, want := serve(t, zipOf(several())), read(t, zipOf(several())())
	end := len(want) - 300
	got := ask(t, "GET", url, "Range", fmt.Sprintf("bytes=5-9, 66000-140000, %d-", end))
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil || got.StatusCode != 206 {
		t.Fatalf("%d %v", got.StatusCode, err)
	}
	parts := multipart.NewReader(bytes.NewReader(got.body), params["boundary"])
	for _, want := range [][]byte{want[5:10], want[66000:140001], want[end:]} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(p); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %d other bytes, %v", p.Header.Get("Content-Range"), len(b), err)
		}
	}
}

// Members that have no ranges themselves, because they are made while they are read or
// compressed where they live, don't keep an archive from having them.
func TestRangesOfMembersWithoutRanges(t *testing.T) {
	b := noise(200_000)
	made := downloadview.FromFunc("made", func(_ context.Context, w io.Writer) error {
		_, err := w.Write(b)
		return err
	}, &downloadview.Attributes{Size: int64(len(b)), ETag: `"1"`})
	inner := readAll(t, archive.CompressedZip("in.zip", archive.Of(archive.Entry{Name: "packed", File: file("x", b)}), nil))
	z, err := zip.NewReader(bytes.NewReader(inner), int64(len(inner)))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := iofs.New(z, nil).File("packed")
	if err != nil {
		t.Fatal(err)
	}
	entries := archive.Of(archive.Entry{File: made}, archive.Entry{File: packed}, archive.Entry{File: file("small", []byte("abc"))})
	for _, f := range []downloadview.File{archive.Zip("a.zip", entries, nil), archive.Tar("a.tar", entries, nil)} {
		randomRanges(t, f)
		url := serve(t, func() downloadview.File { return f })
		whole := ask(t, "GET", url)
		if got := ask(t, "GET", url, "Range", "bytes=100000-"); got.StatusCode != 206 || !bytes.Equal(got.body, whole.body[100000:]) {
			t.Errorf("%s: %d, %d bytes", f.Name(), got.StatusCode, len(got.body))
		}
	}
}

// randomRanges compares ranges of f with its bytes.
func randomRanges(t *testing.T, f downloadview.File) {
	t.Helper()
	want := read(t, f)
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		offset := r.IntN(len(want))
		length := 1 + r.IntN(len(want)-offset)
		if r.IntN(2) == 0 {
			length = 1 + r.IntN(min(length, 100))
		}
		h, err := downloadview.OpenRange(t.Context(), f, int64(offset), int64(length))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(h)
		if h.Close(); err != nil || !bytes.Equal(got, want[offset:offset+length]) {
			t.Fatalf("%d bytes from %d: %d other bytes, %v", length, offset, len(got), err)
		}
	}
}
