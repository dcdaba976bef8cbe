package spool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/spool"
)

func TestMain(m *testing.M) {
	if child := os.Getenv("SPOOL_CHILD"); child != "" {
		children[child](os.Getenv("SPOOL_DIR"))
		os.Exit(0)
	}
	leaktest.Main(m)
}

// children are what this program does as another process.
var children = map[string]func(dir string){}

var january = spool.ID{Key: "sales/january", Version: "1"}

// content returns n bytes that look like nothing else.
func content(n int) []byte {
	b := make([]byte, n)
	for i, r := 0, rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, n))); i < n; i += 8 {
		u := r.Uint64()
		for j := i; j < min(i+8, n); j++ {
			b[j] = byte(u)
			u >>= 8
		}
	}
	return b
}

// events counts what a spool reports.
type events struct {
	mu  sync.Mutex
	all []spool.Event
	add *sync.Cond
}

func newEvents() *events {
	e := &events{}
	e.add = sync.NewCond(&e.mu)
	return e
}

func (e *events) observe(event spool.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
	e.add.Broadcast()
}

func (e *events) count(k spool.Kind) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counted(k)
}

func (e *events) counted(k spool.Kind) (n int) {
	for _, event := range e.all {
		if event.Kind == k {
			n++
		}
	}
	return n
}

// await returns when there are n events of a kind. Else the test ends by its timeout.
func (e *events) await(k spool.Kind, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.counted(k) < n {
		e.add.Wait()
	}
}

// newSpool returns a spool in dir, "" for a new folder, that is closed when the test
// is over.
func newSpool(t testing.TB, dir string, o *spool.Options) (*spool.Spool, *events) {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	e := newEvents()
	if o == nil {
		o = &spool.Options{}
	}
	o.Observer = e.observe
	s, err := spool.New(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, e
}

// A producer makes a file, and counts how often.
type producer struct {
	calls atomic.Int32
	make  func(ctx context.Context, w io.Writer) error
}

func making(b []byte) *producer {
	return &producer{make: func(_ context.Context, w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(b))
		return err
	}}
}

func (p *producer) file(a *downloadview.Attributes) downloadview.File {
	return downloadview.FromFunc("report.csv", func(ctx context.Context, w io.Writer) error {
		p.calls.Add(1)
		return p.make(ctx, w)
	}, a)
}

// serve serves f from the spool at every path, whose text is the key.
func serve(t testing.TB, s *spool.Spool, f downloadview.File, o *downloadview.Options) string {
	t.Helper()
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f, StoredFields: downloadview.StoredDigest}, nil
	})
	identify := func(r *http.Request, _ downloadview.Response) (spool.ID, error) {
		return spool.ID{Key: r.URL.Path[1:], Version: r.URL.RawQuery}, nil
	}
	srv := httptest.NewServer(downloadview.NewHandler(s.Middleware(identify)(view), o))
	t.Cleanup(srv.Close)
	return srv.URL
}

func do(t testing.TB, method, url string, header map[string]string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func read(t testing.TB, resp *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("reading the body: %v", err)
	}
	resp.Body.Close()
	return b
}

// left returns the names of the files in the folders of a spool, but for the lock of
// the quota.
func left(t testing.TB, dir string, folders ...string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, folder+"/"+e.Name())
		}
	}
	return names
}

func wantNothing(t testing.TB, dir string, folders ...string) {
	t.Helper()
	if names := left(t, dir, folders...); len(names) > 0 {
		t.Errorf("there is %q, want nothing", names)
	}
}
