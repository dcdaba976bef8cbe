package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/storage/disk"
)

// size of the file a.bin is more than fits into the buffers of a connection, so that
// an abort leaves some of it behind.
const size = 64 << 20

// An application has files in a directory and a ledger of their downloads. The field
// User of a request is its subject.
type application struct {
	*httptest.Server
	dir     string
	entries *ledger.Memory
	ended   chan downloadview.Outcome // gets each outcome when the ledger has it
}

func start(t *testing.T, offloader downloadview.Offloader) *application {
	t.Helper()
	a := &application{dir: t.TempDir(), entries: ledger.NewMemory(nil), ended: make(chan downloadview.Outcome, 100)}
	if err := os.WriteFile(filepath.Join(a.dir, "a.bin"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(a.dir, "a.bin"), size); err != nil {
		t.Fatal(err)
	}
	a.touch(t, noon)
	store, err := disk.Open(a.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	l := ledger.New(a.entries, &ledger.Options{Subject: func(r *http.Request) string { return r.Header.Get("User") }})
	files := downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/")}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := files.Respond(r)
		resp.Offloader = offloader
		return resp, err
	})
	a.Server = httptest.NewServer(l.Handler(downloadview.NewHandler(view, &downloadview.Options{
		Logger: slog.New(slog.DiscardHandler),
		Observer: func(r *http.Request, o downloadview.Outcome) {
			l.Observe(r, o)
			a.ended <- o
		},
	})))
	t.Cleanup(a.Close)
	return a
}

// touch makes another version of a.bin.
func (a *application) touch(t *testing.T, modified time.Time) {
	t.Helper()
	if err := os.Chtimes(filepath.Join(a.dir, "a.bin"), modified, modified); err != nil {
		t.Fatal(err)
	}
}

// get reads up to most bytes of the answer, closes the connection, and waits until the
// ledger has the outcome.
func (a *application) get(t *testing.T, method, user, rang string, most int64) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.URL+"/a.bin", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("User", user)
	if rang != "" {
		r.Header.Set("Range", "bytes="+rang)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return nil
	}
	if n, err := io.CopyN(io.Discard, resp.Body, most); err != nil && err != io.EOF {
		t.Errorf("%s after %d bytes: %v", rang, n, err)
	}
	resp.Body.Close()
	<-a.ended
	return resp
}

func (a *application) only(t *testing.T) ledger.Entry {
	t.Helper()
	all := a.entries.Entries()
	if len(all) != 1 {
		t.Fatalf("%d entries, want one: %+v", len(all), all)
	}
	return all[0]
}

// Four ranges at once, a HEAD, an answer that is cut short, a retry and a resume are one
// download.
func TestOneDownload(t *testing.T) {
	a := start(t, nil)
	a.get(t, "HEAD", "ann", "", 0)
	if e := a.only(t); e.Size != size || e.Bytes != 0 || e.Complete || e.Requests() != 1 {
		t.Errorf("after HEAD: %+v", e)
	}
	var all sync.WaitGroup
	const quarter = size / 4
	for i := range 3 {
		all.Go(func() { a.get(t, "GET", "ann", fmt.Sprintf("%d-%d", i*quarter, (i+1)*quarter-1), size) })
	}
	all.Go(func() { a.get(t, "GET", "ann", fmt.Sprintf("%d-", 3*quarter), 1) })
	all.Wait()
	e := a.only(t)
	cut := e.Bytes - 3*quarter
	if e.Complete || cut <= 0 || cut >= quarter || len(e.Pieces) != 1 || e.Pieces[0] != (ledger.Piece{End: e.Bytes}) {
		t.Errorf("after an abort: %+v", e)
	}
	a.get(t, "GET", "ann", fmt.Sprintf("%d-%d", quarter, 2*quarter-1), size) // a retry
	a.get(t, "GET", "ann", fmt.Sprintf("%d-", e.Bytes), size)                // the rest
	e = a.only(t)
	if e.Subject != "ann" || e.Name != "a.bin" || e.Source != filepath.Join(a.dir, "a.bin") {
		t.Errorf("the download is %+v", e.Download)
	}
	if !e.Complete || e.Bytes != size+quarter || e.Size != size || e.Requests() != 7 || e.Streamed != 7 || e.Ended != "" {
		t.Errorf("in the end: %+v", e)
	}
	if e.Last.Before(e.First) || time.Since(e.First) > time.Hour {
		t.Errorf("from %v to %v", e.First, e.Last)
	}
}

// How an answer was cut short is said.
func TestEnded(t *testing.T) {
	a := start(t, nil)
	a.get(t, "GET", "ann", "", 1)
	if e := a.only(t); e.Ended != "client" || e.Complete {
		t.Errorf("ended by %q, complete %v; want client", e.Ended, e.Complete)
	}
}

// Acrobat opens a document, breaks off, and asks for forty ranges.
func TestFortyRanges(t *testing.T) {
	a := start(t, nil)
	a.get(t, "GET", "ann", "", 1)
	before := a.only(t).Bytes
	for i := range 40 {
		at := size - (i+1)*100_000
		a.get(t, "GET", "ann", fmt.Sprintf("%d-%d", at, at+9_999), size)
	}
	if e := a.only(t); e.Requests() != 41 || e.Bytes != before+40*10_000 || len(e.Pieces) != 41 || e.Complete {
		t.Errorf("%d requests, %d bytes more, %d pieces, complete %v", e.Requests(), e.Bytes-before, len(e.Pieces), e.Complete)
	}
}

// Several ranges in one answer count, but their place in the file isn't known.
func TestSeveralRangesInOneAnswer(t *testing.T) {
	a := start(t, nil)
	a.get(t, "GET", "ann", "0-9,100-109", size)
	if e := a.only(t); e.Bytes < 20 || e.Bytes > 1000 || len(e.Pieces) != 0 || e.Version == "" {
		t.Errorf("%+v", e)
	}
}

func TestOthers(t *testing.T) {
	a := start(t, nil)
	a.get(t, "GET", "ann", "0-9", size)
	a.get(t, "GET", "bob", "0-9", size)
	a.get(t, "GET", "", "0-9", size)
	a.touch(t, noon.Add(time.Hour))
	a.get(t, "GET", "ann", "0-9", size)
	var got []string
	for _, e := range a.entries.Entries() {
		got = append(got, e.Subject)
		if e.Requests() != 1 || e.Bytes != 10 {
			t.Errorf("%+v", e)
		}
	}
	if want := "bob 127.0.0.1 ann ann"; strings.Join(got, " ") != want {
		t.Errorf("subjects %q, want %q", got, want)
	}
}

// What isn't a download makes no entry. A question whether a file has changed does.
func TestWhatCounts(t *testing.T) {
	a := start(t, nil)
	for _, tt := range []struct {
		method, path, field, value string
		status, requests           int
	}{
		{"GET", "/missing", "", "", 404, 0},
		{"POST", "/a.bin", "", "", 405, 0},
		{"GET", "/a.bin", "If-Modified-Since", noon.UTC().Format(http.TimeFormat), 304, 1},
		{"GET", "/a.bin", "If-Match", `"other"`, 412, 2},
		{"GET", "/a.bin", "Range", fmt.Sprintf("bytes=%d-", size), 416, 3},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, a.URL+tt.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true
		if tt.field != "" {
			r.Header.Set(tt.field, tt.value)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		<-a.ended
		requests := 0
		for _, e := range a.entries.Entries() {
			requests += e.Requests()
			if e.Bytes != 0 || e.Complete {
				t.Errorf("%s %s: %+v", tt.method, tt.path, e)
			}
		}
		if resp.StatusCode != tt.status || requests != tt.requests {
			t.Errorf("%s %s %s: %d with %d requests in the ledger, want %d and %d", tt.method, tt.path, tt.field, resp.StatusCode, requests, tt.status, tt.requests)
		}
	}
}

// A long name takes a bounded part of the memory, and others stay others.
func TestLongNames(t *testing.T) {
	entries := ledger.NewMemory(nil)
	l := ledger.New(entries, &ledger.Options{Subject: func(*http.Request) string { return strings.Repeat("s", 9000) }})
	h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString(r.URL.Path, "a", nil)}, nil
	}), &downloadview.Options{Observer: l.Observe}))
	long := strings.Repeat("ä", 4000)
	for _, name := range []string{long + "1", long + "2", long + "1", strings.Repeat("n", 1024)} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody))
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody)
		r.URL.Path = name
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := map[string]int{}
	for _, e := range entries.Entries() {
		if len(e.Name) > 1030 || len(e.Subject) > 1030 {
			t.Errorf("a name of %d bytes and a subject of %d", len(e.Name), len(e.Subject))
		}
		got[e.Name] = e.Requests()
	}
	if len(got) != 4 || got["/"] != 4 || got[strings.Repeat("n", 1024)] != 1 {
		t.Errorf("%d entries, want those of /, of two long names, and of one that just fits: %v", len(got), got)
	}
	p, _, err := ledger.ParseLine([]byte(`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/` + long + `"`))
	if err != nil || len(p.Name) > 1030 {
		t.Errorf("a line with a long name: %d bytes, %v", len(p.Name), err)
	}
}

// toProxy hands each file over to a proxy.
type toProxy struct{}

func (toProxy) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	return downloadview.Handover{Rule: "media", Field: "X-Accel-Redirect", Value: "/_media/a.bin"}, true
}

// The proxy gets the ID of the download, and what it logs belongs to the entry.
func TestHandedOver(t *testing.T) {
	a := start(t, toProxy{})
	id := a.get(t, "GET", "ann", "", size).Header.Get(ledger.Field)
	if again := a.get(t, "GET", "ann", "5-9", size).Header.Get(ledger.Field); id == "" || again != id {
		t.Errorf("IDs %q and %q; want the same", id, again)
	}
	if other := a.get(t, "GET", "bob", "", size).Header.Get(ledger.Field); other == "" || other == id {
		t.Errorf("the ID of another user is %q, and that of the first %q", other, id)
	}
	e := a.entries.Entries()[0]
	if e.ID != id || e.HandedOver != 2 || e.Requests() != 2 || e.Bytes != 0 || e.Size != -1 || e.Complete {
		t.Errorf("before the proxy's log is read: %+v", e)
	}
	// A streamed answer has no ID: the proxy's log would count it again.
	if got := start(t, nil).get(t, "GET", "ann", "0-9", size).Header.Get(ledger.Field); got != "" {
		t.Errorf("a streamed answer has the ID %q", got)
	}
}

// brokenStore can't be reached.
type brokenStore struct{}

func (brokenStore) Open(context.Context, string, time.Time, time.Duration) (string, error) {
	return "", errors.New("store is away")
}
func (brokenStore) Add(context.Context, ledger.Part) error { return errors.New("store is away") }

// If an entry is missing, the log says why, and the download goes on.
func TestMissingEntries(t *testing.T) {
	for _, tt := range []struct {
		name    string
		observe bool
		want    string
	}{
		{"a store that fails", true, `level=ERROR msg="download missing in the ledger" method=GET file=a.txt error="store is away"`},
		{"no Observer", false, `level=ERROR msg="download missing in the ledger: the handler's options have no Observer of the ledger" method=GET file=a.txt`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			l := ledger.New(brokenStore{}, &ledger.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			o := &downloadview.Options{}
			if tt.observe {
				o.Observer = l.Observe
			}
			h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: downloadview.FromFunc("a.txt", func(_ context.Context, w io.Writer) error {
					_, err := io.WriteString(w, "hello")
					return err
				}, nil)}, nil
			}), o))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/secret", http.NoBody))
			if w.Body.String() != "hello" {
				t.Errorf("the body is %q", w.Body)
			}
			if got := log.String(); !strings.Contains(got, tt.want) || strings.Contains(got, "/secret") {
				t.Errorf("the log is %q, want %q", got, tt.want)
			}
		})
	}
}

// Content of unknown length is complete when all of it left.
func TestUnknownLength(t *testing.T) {
	entries := ledger.NewMemory(nil)
	l := ledger.New(entries, nil)
	h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromFunc("a.csv", func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("a,b\n", 10_000))
			return err
		}, nil)}, nil
	}), &downloadview.Options{Observer: l.Observe}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody))
	if e := entries.Entries(); len(e) != 1 || e[0].Size != 40_000 || e[0].Bytes != 40_000 || !e[0].Complete || e[0].Subject != "192.0.2.1" {
		t.Errorf("%+v", e)
	}
}
