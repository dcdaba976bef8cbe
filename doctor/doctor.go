// Package doctor checks a running set-up from outside: a storage, the application
// that serves it, and the proxy in front of the application.
//
// It stores canary files, requests them in the ways that clients do, and removes
// them again. Or it requests one existing file and writes nothing. It checks in four
// steps: the storage, the application against the storage, the proxy against the
// storage, all together. If the proxy is the edge of a tier, its cache nodes are a step
// of their own. A failed check has a cause and the setting to change:
//
//	report, err := doctor.Run(ctx, doctor.Setup{
//		Site:      "https://files.example.com",
//		App:       "http://127.0.0.1:8080",
//		Prefix:    "/media/",
//		Server:    "nginx",
//		Storage:   storage,
//		Offloader: accelerator,
//	})
//	…
//	report.WriteText(os.Stdout)
//
// [Explain] says how one download would be answered, without sending it.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// A Setup describes the set-up to check.
type Setup struct {
	// Site is the URL of the set-up as clients reach it, through the proxy, such
	// as "https://files.example.com". It is required.
	Site string

	// App is the URL of the application behind the proxy, or "unix:PATH" if it
	// listens on a socket. Requests to it have the host of Site. "" means that it
	// can't be reached from here.
	App string

	// Prefix is the path of the URL below which the keys of Storage are served,
	// such as "/media/"; "" means "/".
	Prefix string

	// Server is the name of the proxy, as in the Name of an accel.Proxy: "nginx" or
	// "caddy@2.6", for example. Causes and changes are then about that server; with
	// "" they are general.
	Server string

	// Nodes are where the cache nodes behind Server listen, each HOST:PORT as in the
	// configuration of the edge, if the files of Storage come from cache nodes. Server
	// must then be "nginx", and Storage must take canary files: some are stored for each
	// node. nil means that there are none.
	Nodes []string

	// Storage is the storage that the application serves; canary files are stored
	// there. It must be a [downloadview.Saver] and a [downloadview.Deleter], unless
	// Key is set; then it may be nil.
	Storage downloadview.Storage

	// Key is the key of an existing file to request in place of canary files. Then
	// nothing is written, and checks that need canary files are not applicable.
	Key string

	// Offloader has the rules of the application, such as an accel.Accelerator. It
	// must hand files over wherever a request comes from (an accelerator without
	// accel.Options.From), since it shows what the proxy is expected to get. nil
	// means that everything is streamed.
	Offloader downloadview.Offloader

	// Header is added to each request, such as the Authorization or Cookie of a
	// user that may download the files. It is not in the report.
	Header http.Header

	// Links says that the application lets only requests with a signed link in, such
	// as one in a Cookie of Header. Names with a backslash are then not checked, since
	// no link can be for them.
	Links bool

	// Index says that the application shows pages that list the files of folders. That
	// clients get such a list is then no fault.
	Index bool

	// Client sends the requests. It follows no redirects: its CheckRedirect is
	// ignored. For an application on a socket, only the TLSClientConfig of its
	// Transport is used. nil means a client that waits up to 30 seconds for each answer.
	Client *http.Client
}

// A SetupError says what is wrong with a [Setup].
type SetupError struct {
	Field string // of the Setup, such as "Site"
	Err   error  // says what is wrong with the value, and what would be right
}

// Error returns the text of Err.
func (e *SetupError) Error() string { return fmt.Sprintf("doctor: %v", e.Err) }

// Unwrap returns Err.
func (e *SetupError) Unwrap() error { return e.Err }

// Run checks s and returns a report. Faults of the set-up are in the report, not in
// the error, which is a [*SetupError] or that of ctx. Canary files are removed in any
// case, also if ctx ends early.
func Run(ctx context.Context, s Setup) (Report, error) {
	e, err := newExam(s)
	if err != nil {
		return Report{}, err
	}
	defer e.close()
	defer e.remove(ctx) // also after a panic
	e.checkStorage(ctx)
	if e.plain.key != "" {
		e.checkApp(ctx)
		e.checkProxy(ctx)
		e.checkWhole(ctx)
	}
	e.remove(ctx)
	return e.report(), ctx.Err()
}

// An exam is the state of one Run.
type exam struct {
	Setup
	site, app *url.URL // app is nil if it isn't given
	socket    string   // of the application; "" if it listens on an address
	client    *http.Client
	appClient *http.Client // nil means client
	close     func()       // closes the connections of the exam
	began     time.Time

	step   Step
	checks []Check
	ended  map[Step]string // the reasons of steps that ended early

	folder  string // of the canary files, with a slash at its end
	plain   canary // the plain canary file, or that of Setup.Key
	made    map[string]canary
	skews   map[string]time.Duration // of clocks that are wrong, by check
	removed bool
	folders []string // that are created for canary files, the outermost first

	proxy     proxies.Proxy // the zero value if it isn't known
	reach     room.Reach
	denied    bool // the proxy refuses every request
	witnessed bool // the field of the application's Witness comes through the proxy

	direct answer // of the application, for plain
	served answer // by the proxy, for plain
}

func newExam(s Setup) (*exam, error) {
	e := &exam{Setup: s, proxy: proxyOf(s.Server), close: func() {}, began: time.Now(), made: make(map[string]canary), skews: make(map[string]time.Duration), ended: make(map[Step]string)}
	var err error
	if e.site, err = baseURL(s.Site); err != nil {
		return nil, &SetupError{"Site", fmt.Errorf("site %w", err)}
	}
	if scheme, path, ok := socketPath(s.App); ok {
		if path == "" {
			return nil, &SetupError{"App", fmt.Errorf("application %q has no path; want one such as unix:/run/downloadview.sock", s.App)}
		}
		e.app, e.socket = &url.URL{Scheme: scheme, Host: "localhost"}, path
	} else if s.App != "" {
		if e.app, err = baseURL(s.App); err != nil {
			return nil, &SetupError{"App", fmt.Errorf("application %w", err)}
		}
	}
	if s.Storage == nil && s.Key == "" {
		return nil, &SetupError{"Storage", errors.New("neither a storage nor a key is given; want a Storage for canary files, or the Key of a file to look at")}
	}
	if err := e.checkSetupNodes(); err != nil {
		return nil, &SetupError{"Nodes", err}
	}
	e.Prefix = "/" + strings.TrimPrefix(s.Prefix, "/")
	if !strings.HasSuffix(e.Prefix, "/") {
		e.Prefix += "/"
	}
	e.folder = ".downloadview-doctor-" + random() + "/"
	client := http.Client{Timeout: 30 * time.Second}
	if s.Client != nil {
		client = *s.Client
	} else {
		client.Transport, e.close = ownTransport()
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	e.client = &client
	if e.socket != "" {
		e.askSocket()
	}
	return e, nil
}

// socketPath returns the path of a socket's address, and the scheme to use there. An
// address may have the form that serve prints, with http:// or https:// in front.
func socketPath(addr string) (scheme, path string, ok bool) {
	scheme = "http"
	if rest, tls := strings.CutPrefix(addr, "https://"); tls {
		scheme, addr = "https", rest
	}
	path, ok = strings.CutPrefix(strings.TrimPrefix(addr, "http://"), "unix:")
	return scheme, path, ok
}

// askSocket sets the client for an application that listens on a socket.
func (e *exam) askSocket() {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", e.socket)
	}}
	if given, ok := e.client.Transport.(*http.Transport); ok && given.TLSClientConfig != nil {
		t.TLSClientConfig, t.ForceAttemptHTTP2 = given.TLSClientConfig.Clone(), true
	}
	c := *e.client
	c.Transport = t
	e.appClient = &c
	others := e.close
	e.close = func() { t.CloseIdleConnections(); others() }
}

// ownTransport returns a transport with connections of its own, which close closes.
func ownTransport() (t http.RoundTripper, close func()) {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		return t, t.CloseIdleConnections
	}
	return http.DefaultTransport, func() {}
}

func baseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q; want a URL such as %q", cutQuery(s), "http://127.0.0.1:8080")
	case u.RawQuery != "":
		return nil, fmt.Errorf("%q has a query; want the URL without it", cutQuery(s))
	}
	return u, nil
}

func (e *exam) report() Report {
	return Report{Site: cutQuery(e.Site), Checks: answersFirst(inOrder(e.checks, e.ended, len(e.Nodes) > 0))}
}

func (e *exam) note(name string, r Result, f finding, format string, args ...any) {
	e.checks = append(e.checks, Check{e.step, name, r, fmt.Sprintf(format, args...), f.cause, f.change})
}

func (e *exam) ok(name, format string, args ...any) {
	e.note(name, OK, finding{}, format, args...)
}

func (e *exam) failed(name string, f finding, format string, args ...any) {
	e.note(name, Failed, f, format, args...)
}

func (e *exam) warn(name string, f finding, format string, args ...any) {
	e.note(name, Warning, f, format, args...)
}

func (e *exam) skip(name, why string) { e.note(name, NotApplicable, finding{}, "%s", why) }

// end notes why the rest of this step is not checked.
func (e *exam) end(why string) { e.ended[e.step] = why }

// handover returns how the application is expected to hand key over to its proxy, or
// false if it is expected to stream.
func (e *exam) handover(ctx context.Context, key string) (downloadview.Handover, downloadview.Source, bool) {
	if e.Storage == nil || e.Offloader == nil {
		return downloadview.Handover{}, downloadview.Source{}, false
	}
	f, err := e.Storage.File(key)
	if err != nil {
		return downloadview.Handover{}, downloadview.Source{}, false
	}
	src, ok := downloadview.SourceOf(f)
	if !ok {
		return downloadview.Handover{}, src, false
	}
	r := (&http.Request{Method: http.MethodGet, URL: e.site, Header: http.Header{}}).WithContext(ctx)
	h, ok := e.Offloader.Offload(r, src)
	if h.Terms == nil {
		h.Terms = new(downloadview.Terms)
	}
	return h, src, ok && h.Field != "" && h.Covers(f)
}

// resultOf returns the result of a check; NotApplicable if it was not made.
func (e *exam) resultOf(name string) Result {
	for _, c := range e.checks {
		if c.Name == name {
			return c.Result
		}
	}
	return NotApplicable
}

func (e *exam) keys() []string { return slices.Sorted(maps.Keys(e.made)) }
