package accel_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/storage/disk"
)

// A site is an application behind nginx. The path of a request is the key of a
// file in its folder.
type site struct {
	*nginxtest.Server
	app      string // URL of the application itself
	dir      string // what the rule covers and nginx's internal location serves
	outcomes chan downloadview.Outcome

	// The view inside the accelerator, in place of the files, and the middleware
	// around the accelerator.
	inside  atomic.Pointer[downloadview.ViewFunc]
	outside atomic.Pointer[func(*downloadview.Response)]

	// streams says that files are streamed although the rule covers them, as for
	// names that the header can't carry.
	streams atomic.Bool
}

// longAgo is a modification time that is old enough for a strong entity tag.
var longAgo = time.Date(2024, 2, 29, 12, 30, 15, 0, time.UTC)

// newSite starts a site with one rule. The test may create siblings of the folder.
func newSite(t *testing.T, o nginxtest.Options) *site {
	t.Helper()
	s := &site{dir: filepath.Join(t.TempDir(), "media"), outcomes: make(chan downloadview.Outcome, 100)}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	a := newAccelerator(t, accel.Rule{Name: "media", Source: s.dir, Destination: "/_media/", Headers: accel.PassSafety})
	h := downloadview.NewHandler(s.view(a, storageView(t, s.dir)), &downloadview.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) { s.outcomes <- o },
	})
	app := httptest.NewServer(h)
	t.Cleanup(app.Close)
	s.app = app.URL
	o.Upstream, o.Directory = app.Listener.Addr().String(), s.dir
	s.Server = nginxtest.Start(t, o)
	return s
}

// view is the application: the files behind an accelerator, or what the test has set
// inside or around it.
func (s *site) view(a *accel.Accelerator, files downloadview.View) downloadview.View {
	v := a.Middleware(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if v := s.inside.Load(); v != nil {
			return (*v).Respond(r)
		}
		return files.Respond(r)
	}))
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := v.Respond(r)
		if change := s.outside.Load(); change != nil {
			(*change)(&resp)
		}
		if s.streams.Load() && resp.Offloader == a {
			resp.Offloader = fieldless{a}
		}
		return resp, err
	})
}

// storageView serves the files of a folder; the path of a request is the key.
func storageView(t *testing.T, dir string) downloadview.StorageView {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return downloadview.StorageView{Storage: disk.New(root, nil), Key: func(r *http.Request) (string, error) {
		return strings.TrimPrefix(r.URL.Path, "/"), nil
	}}
}

// serve makes v answer from now on, inside the accelerator.
func (s *site) serve(v downloadview.ViewFunc) { s.inside.Store(&v) }

// write makes a file of the folder, last changed long ago.
func (s *site) write(key, content string) error {
	return writeFile(filepath.Join(s.dir, filepath.FromSlash(key)), content)
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, longAgo, longAgo)
}

// get fetches a key and returns the outcome that the application reports.
func (s *site) get(t *testing.T, method, key string, header http.Header) (*http.Response, string, downloadview.Outcome) {
	t.Helper()
	resp := s.Do(t, method, target(key), header)
	body := nginxtest.Body(t, resp)
	return resp, body, s.outcome(t)
}

// direct fetches a key from the application, without nginx.
func (s *site) direct(t *testing.T, key string, header http.Header) (*http.Response, downloadview.Outcome) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.app+target(key), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	nginxtest.Body(t, resp)
	return resp, s.outcome(t)
}

func (s *site) outcome(t *testing.T) downloadview.Outcome {
	t.Helper()
	select {
	case o := <-s.outcomes:
		return o
	case <-time.After(30 * time.Second):
		t.Fatal("the application got no request")
		return downloadview.Outcome{}
	}
}

// target returns the URL's path for a key.
func target(key string) string {
	segments := strings.Split(key, "/")
	for i, seg := range segments {
		segments[i] = url.PathEscape(seg)
	}
	return "/" + strings.Join(segments, "/")
}

// wantOffloaded checks that the application sent nothing but a header.
func wantOffloaded(t *testing.T, o downloadview.Outcome) {
	t.Helper()
	if o.Mode != downloadview.Offloaded || o.Rule != "media" || o.Bytes != 0 || o.Err != nil {
		t.Errorf("outcome %+v, want it offloaded by the rule media without a byte", o)
	}
}

func wantStreamed(t *testing.T, o downloadview.Outcome) {
	t.Helper()
	if o.Mode != downloadview.Streamed {
		t.Errorf("outcome %+v, want it streamed", o)
	}
}

// fieldless streams the files that its rules cover.
type fieldless struct{ *accel.Accelerator }

func (f fieldless) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	h, ok := f.Accelerator.Offload(r, src)
	h.Field, h.Value = "", ""
	return h, ok
}
