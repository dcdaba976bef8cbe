package doctor_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// A setting is a set-up without faults, which a test then changes.
type setting struct {
	server string // that runs, and whose configuration is printed
	accel  string // what the application takes it for; "" is server
	rule   accel.Rule
	site   site.Site
	edit   func(conf string) string
	app    func(http.Handler) http.Handler // around the application
	view   downloadview.Response
	from   accel.From // of the application
	dir    string

	variants bool   // the application sends files that were compressed ahead of time
	streams  bool   // the application has no accelerator
	bare     bool   // nor a witness
	socket   string // that the application listens on; "": an address

	// encode changes the value of the field that hands over. The doctor expects the
	// changed value too, unless misled is set.
	encode func(value string) string
	misled bool
}

// newSetting returns a setting for server, with the files in a directory of their own.
func newSetting(t *testing.T, server string) *setting {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &setting{server: server, dir: dir}
	s.rule = accel.Rule{Name: "media", Source: dir, Destination: "/_media/", Headers: accel.PassAll}
	if !proxytest.KindOf(t, server).Locations {
		s.rule.Destination = dir
	}
	s.site.Rules = []site.Rule{{Rule: accel.Rule{Name: "media", Source: dir, Destination: s.rule.Destination}}}
	return s
}

func (s *setting) storage(t *testing.T) *disk.Storage {
	t.Helper()
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return disk.New(root, nil)
}

// start runs the application and the proxy and returns the doctor's Setup for them.
func (s *setting) start(t *testing.T) doctor.Setup {
	t.Helper()
	storage := s.storage(t)
	return s.startWith(t, storage)
}

func (s *setting) startWith(t *testing.T, storage downloadview.Storage) doctor.Setup {
	t.Helper()
	if s.accel == "" {
		s.accel = s.server
	}
	proxy := mustNamed(t, s.accel)
	told := s.accelerator(t, proxy)
	if s.encode != nil {
		encode := proxy.Encode
		proxy.Encode = func(destination, rest string) (string, bool) {
			value, ok := encode(destination, rest)
			return s.encode(value), ok
		}
		if !s.misled {
			told = s.accelerator(t, proxy)
		}
	}
	a, err := accel.New(proxy, []accel.Rule{s.rule}, &accel.Options{From: s.from})
	if err != nil {
		t.Fatal(err)
	}
	var view downloadview.View = downloadview.StorageView{Storage: storage, Response: s.view, Key: func(r *http.Request) (string, error) {
		key, ok := strings.CutPrefix(r.URL.Path, "/files/")
		if !ok {
			return "/", nil // no key
		}
		return key, nil
	}}
	if s.variants {
		view = middleware.NewVariants(storage, nil).View(view)
	}
	handed := a.Middleware(view)
	if s.streams {
		handed = view
	}
	h := http.Handler(downloadview.NewHandler(handed, &downloadview.Options{Logger: discard}))
	if !s.bare {
		h = doctor.Witness(h)
	}
	if s.app != nil {
		h = s.app(h)
	}
	app := httptest.NewUnstartedServer(h)
	if s.socket != "" {
		ln, err := net.Listen("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		app.Listener.Close()
		app.Listener = ln
		s.site.Upstream = "unix:" + s.socket
	}
	app.Start()
	t.Cleanup(app.Close)
	if s.socket != "" {
		app.URL = "unix:" + s.socket
	}
	if s.site.Upstream == "" {
		s.site.Upstream = app.Listener.Addr().String()
	}
	p := proxytest.Start(t, s.server, s.site, proxytest.Options{Edit: s.edit})
	return doctor.Setup{
		Site: p.URL, App: app.URL, Prefix: "/files/", Server: s.accel, Storage: storage, Offloader: told,
	}
}

func (s *setting) accelerator(t *testing.T, p accel.Proxy) *accel.Accelerator {
	t.Helper()
	a, err := accel.New(p, []accel.Rule{s.rule}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustNamed(t *testing.T, name string) accel.Proxy {
	t.Helper()
	p, err := proxies.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return p.Accel()
}

// decoded returns a value without its percent-encoding.
func decoded(value string) string {
	raw, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return raw
}

// twice returns a value percent-encoded once more.
func twice(value string) string { return strings.ReplaceAll(value, "%", "%25") }

// replace returns a function that replaces old, which must be there.
func replace(t *testing.T, pairs ...string) func(string) string {
	return func(conf string) string {
		t.Helper()
		for i := 0; i < len(pairs); i += 2 {
			changed := strings.ReplaceAll(conf, pairs[i], pairs[i+1])
			if changed == conf {
				t.Fatalf("the printed configuration has no %q:\n%s", pairs[i], conf)
			}
			conf = changed
		}
		return conf
	}
}

// run runs the doctor and checks that it leaves no files in dir.
func run(t *testing.T, s doctor.Setup, dir string) doctor.Report {
	t.Helper()
	report, err := doctor.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			var b strings.Builder
			report.WriteText(&b)
			t.Log(b.String())
		}
	})
	if dir != "" {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	return report
}

// writeKey makes a file and returns its key.
func writeKey(t *testing.T, dir string) string {
	t.Helper()
	const key = "annual report.pdf"
	if err := os.WriteFile(filepath.Join(dir, key), []byte(strings.Repeat("content ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	return key
}

func check(t *testing.T, r doctor.Report, name string) doctor.Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("the report has no check %q", name)
	return doctor.Check{}
}
