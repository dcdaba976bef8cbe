package spool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

// A growth is content of which 60,000 bytes are there, until it goes on.
type growth struct {
	want    []byte
	handler http.Handler // the content is at each path
	first   *http.Response
	seen    *events
	tag     string
	began   chan *http.Response // the header of each answer with a range, as soon as it is sent
	reading chan struct{}       // an answer with a range reads its first bytes
	goOn    func()              // the rest comes
	fail    func()              // none comes
}

func newGrowth(t *testing.T, size int) *growth {
	t.Helper()
	g := &growth{want: content(size), began: make(chan *http.Response, 100), reading: make(chan struct{}, 100)}
	end := make(chan error, 1)
	var once sync.Once
	g.goOn = func() { once.Do(func() { end <- nil }) }
	g.fail = func() { once.Do(func() { end <- errors.New("the database has gone") }) }
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		w.Write(g.want[:60_000])
		if err := <-end; err != nil {
			return err
		}
		_, err := w.Write(g.want[60_000:])
		return err
	}}
	s, seen := newSpool(t, "", nil)
	g.seen = seen
	f := p.file(nil)
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := s.Response(r, january, downloadview.Response{File: f, StoredFields: downloadview.StoredDigest})
		if r.Header.Get("Range") != "" {
			resp.File = watched{resp.File, g.reading}
		}
		return resp, err
	})
	inner := downloadview.NewHandler(view, quiet)
	g.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w = &headerSeen{w, g.began}
		}
		inner.ServeHTTP(w, r)
	})
	srv := httptest.NewServer(g.handler)
	t.Cleanup(srv.Close)
	t.Cleanup(g.goOn)
	g.first = do(t, "GET", srv.URL, nil)
	if _, err := io.ReadFull(g.first.Body, make([]byte, 60_000)); err != nil {
		t.Fatal(err)
	}
	g.tag = g.first.Header.Get("ETag")
	return g
}

// headerSeen tells when the header is sent.
type headerSeen struct {
	http.ResponseWriter
	began chan<- *http.Response
}

func (w *headerSeen) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *headerSeen) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status)
	w.began <- &http.Response{StatusCode: status, Header: w.Header().Clone()}
}

// A watched file tells when a handle is read.
type watched struct {
	downloadview.File
	reading chan<- struct{}
}

func (f watched) Unwrap() downloadview.File { return f.File }

func (f watched) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	if err != nil {
		return nil, err
	}
	seeker, seeks := h.(io.Seeker)
	src, writes := h.(io.WriterTo)
	if !seeks || !writes {
		h.Close()
		return nil, fmt.Errorf("a %T can't be followed", h)
	}
	return watchedHandle{h, seeker, src, f.reading}, nil
}

type watchedHandle struct {
	fs.File
	io.Seeker
	io.WriterTo
	reading chan<- struct{}
}

func (h watchedHandle) Read(p []byte) (int, error) {
	h.reading <- struct{}{}
	return h.File.Read(p)
}

func (g *growth) serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(g.handler)
	t.Cleanup(srv.Close)
	return srv.URL
}

// Ranges of content that grows are answered as RFC 8673 says. HEAD tells what is there,
// and a very large last position means "and what comes".
func TestRangesWhileItGrows(t *testing.T) {
	g := newGrowth(t, 100_000)
	url := g.serve(t)
	const large = "9007199254740991"
	var open []func()
	for _, tt := range []struct {
		method, bytes, ifRange string
		contentRange           string // "": everything
		start                  int
	}{
		{"HEAD", "0-", "", "bytes 0-59999/*", 0},
		{"HEAD", "100-" + large, "", "bytes 100-59999/*", 0},
		{"HEAD", "60000-", "", "", 0},
		{"GET", "0-99", "", "", 0},
		{"GET", "100-999999999999", "", "bytes 100-999999999999/*", 100},
		{"GET", "59999-" + large, g.tag, "bytes 59999-" + large + "/*", 59_999},
		{"GET", "50000-", "", "bytes 50000-" + large + "/*", 50_000},
		{"GET", "50000-", g.tag, "", 0},
		{"GET", "50000-" + large, `"other"`, "", 0},
		{"GET", "60001-" + large, "", "", 0},
		{"GET", "50000-99999", "", "", 0},
		{"GET", "0-", "", "", 0},
		{"GET", "-5", "", "", 0},
		{"GET", "0-0,3-4", "", "", 0},
	} {
		header := map[string]string{"Range": "bytes=" + tt.bytes}
		if tt.ifRange != "" {
			header["If-Range"] = tt.ifRange
		}
		resp := do(t, tt.method, url, header)
		status := http.StatusPartialContent
		if tt.contentRange == "" {
			status = http.StatusOK
		}
		if got := resp.Header.Get("Content-Range"); resp.StatusCode != status || got != tt.contentRange || resp.ContentLength >= 0 {
			t.Errorf("%s %s: %s, Content-Range %q, length %d; want %d, %q, none", tt.method, tt.bytes, resp.Status, got, resp.ContentLength, status, tt.contentRange)
		}
		if accept, tag := resp.Header.Get("Accept-Ranges"), resp.Header.Get("ETag"); accept != "bytes" || tag != g.tag {
			t.Errorf("%s %s: Accept-Ranges %q, ETag %s; want bytes, %s", tt.method, tt.bytes, accept, tag, g.tag)
		}
		open = append(open, func() {
			want := g.want[tt.start:]
			if tt.method == "HEAD" {
				want = nil
			}
			if got := read(t, resp); !bytes.Equal(got, want) {
				t.Errorf("%s %s: %d bytes, want those from %d on", tt.method, tt.bytes, len(got), tt.start)
			}
		})
	}
	g.goOn()
	for _, check := range open {
		check()
	}
	g.seen.await(spool.Kept, 1)
	resp := do(t, "GET", url, map[string]string{"Range": "bytes=50000-" + large, "If-Range": g.tag})
	if got := resp.Header.Get("Content-Range"); got != "bytes 50000-99999/100000" || !bytes.Equal(read(t, resp), g.want[50_000:]) {
		t.Errorf("complete: %s, Content-Range %q, want an ordinary range", resp.Status, got)
	}
}

// A range may begin where the content ends so far: the answer waits for its first byte.
// If none comes, the range is outside, and a failure has its status.
func TestRangeThatWaits(t *testing.T) {
	for name, tt := range map[string]struct {
		size   int
		end    func(*growth)
		status int
		field  string
	}{
		"more comes": {100_000, func(g *growth) { g.goOn() }, 206, "bytes 60000-9007199254740991/*"},
		"that is it": {60_000, func(g *growth) { g.goOn() }, 416, "bytes */60000"},
		"it fails":   {100_000, func(g *growth) { g.fail() }, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrowth(t, tt.size)
			url := g.serve(t)
			go func() {
				<-g.reading
				tt.end(g)
			}()
			resp := do(t, "GET", url, map[string]string{"Range": "bytes=60000-9007199254740991"})
			body, err := io.ReadAll(resp.Body)
			if got := resp.Header.Get("Content-Range"); resp.StatusCode != tt.status || got != tt.field || err != nil {
				t.Errorf("%s, Content-Range %q, %v; want %d, %q", resp.Status, got, err, tt.status, tt.field)
			}
			if tt.status == 206 && !bytes.Equal(body, g.want[60_000:]) {
				t.Errorf("%d bytes, want the rest", len(body))
			}
		})
	}
}

// If making fails, a range that has begun is broken off.
func TestRangeThatBreaksOff(t *testing.T) {
	g := newGrowth(t, 100_000)
	resp := do(t, "GET", g.serve(t), map[string]string{"Range": "bytes=50000-9007199254740991"})
	if resp.StatusCode != http.StatusPartialContent {
		t.Fatal(resp.Status)
	}
	g.fail()
	if b, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("%d bytes without an error, want that it breaks off", len(b))
	}
}

// Trailer fields have the digest of the bytes that were sent, and none of the whole.
func TestDigestOfRangeWhileItGrows(t *testing.T) {
	g := newGrowth(t, 100_000)
	resp := do(t, "GET", g.serve(t), map[string]string{
		"Range": "bytes=50000-9007199254740991", "TE": "trailers", "Want-Content-Digest": "sha-256=1", "Want-Repr-Digest": "sha-256=1",
	})
	g.goOn()
	body := read(t, resp)
	sum := sha256.Sum256(g.want[50_000:])
	want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	if got, whole := resp.Trailer.Get("Content-Digest"), resp.Trailer.Get("Repr-Digest"); got != want || whole != "" || len(body) != 50_000 {
		t.Errorf("%d bytes, Content-Digest %q, Repr-Digest %q; want %q and none", len(body), got, whole, want)
	}
}
