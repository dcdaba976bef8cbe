// Package doctor checks a running set-up from outside: a storage, the
// application that answers for it, and the proxy in front that sends the bytes.
//
// It puts canary files into the storage, asks for them in all the ways that
// clients do, and removes them again; or it looks at one file that is there and
// changes nothing. The four steps are those of tracking a fault down: the
// storage, the application against the storage, the proxy against the storage,
// all together. What fails comes with its cause and the directive to change:
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
// [Explain] tells how one download would be answered, without sending it.
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

// A Setup is what is checked.
type Setup struct {
	// Site is the URL of the set-up as clients reach it, through the proxy, such
	// as "https://files.example.com". It is required.
	Site string

	// App is the URL of the application behind the proxy; "" where it can't be
	// reached from here. It is asked for the host of Site. One that listens on a
	// socket is "unix:PATH".
	App string

	// Prefix is the path of the URL below which the keys of Storage are served,
	// such as "/media/"; "" means "/".
	Prefix string

	// Server is the name of the proxy, as the Name of an accel.Proxy is, such as
	// "nginx" or "caddy@2.6". It chooses the words of causes and changes; "" has
	// general ones.
	Server string

	// Storage is the one that the application serves, with its canary files. It
	// must be a [downloadview.Saver] and a [downloadview.Deleter] unless Key is
	// set; then it may be nil.
	Storage downloadview.Storage

	// Key is that of a file to look at in place of canary files. Nothing is
	// written then, and what needs canary files is not applicable.
	Key string

	// Offloader has the rules that the application hands over by, such as an
	// accel.Accelerator. Since it tells what the proxy is told, it is one that
	// doesn't ask where a request comes from. nil: everything is streamed.
	Offloader downloadview.Offloader

	// Header goes with each request, such as the Authorization or Cookie of
	// somebody who may download the files. It is not in the report.
	Header http.Header

	// Client asks. It follows no redirects, whatever it says. nil is one that
	// waits 30 seconds for each answer.
	Client *http.Client
}

// A SetupError says what is wrong with a [Setup].
type SetupError struct {
	Field string // of the Setup, such as "Site"
	Err   error  // says what is wrong with its value, and what would be right
}

// Error returns Err.
func (e *SetupError) Error() string { return fmt.Sprintf("doctor: %v", e.Err) }

// Unwrap returns Err.
func (e *SetupError) Unwrap() error { return e.Err }

// Run checks s and returns what it found. The error is a [*SetupError], or that of
// ctx: what fails in the set-up is in the report. Canary files are removed in any case,
// also where ctx ends before the checks do.
func Run(ctx context.Context, s Setup) (Report, error) {
	e, err := newExam(s)
	if err != nil {
		return Report{}, err
	}
	defer e.close()
	defer e.remove(ctx) // also where in panics
	e.checkStorage(ctx)
	if e.plain.key != "" {
		e.checkApp(ctx)
		e.checkProxy(ctx)
		e.checkWhole(ctx)
	}
	e.remove(ctx)
	return e.report(), ctx.Err()
}

// An exam is a Run on its way.
type exam struct {
	Setup
	site, app *url.URL // app is nil where it isn't given
	socket    string   // of an application that listens on one
	client    *http.Client
	appClient *http.Client // nil: client
	close     func()       // connections that nobody else has
	began     time.Time

	step   Step
	checks []Check
	ended  map[Step]string // why, where a step ended early

	folder  string // of the canary files, with a slash at its end
	plain   canary // or the file that is looked at
	made    map[string]canary
	skews   map[string]time.Duration // of clocks that are wrong, by check
	removed bool
	folders []string // that are made for canary files, the outermost first

	proxy     proxies.Proxy // the zero one where it isn't known
	reach     room.Reach
	denied    bool // whatever is asked for
	witnessed bool // the application's witness is heard through the proxy

	direct answer // of the application, for plain
	served answer // by the proxy, for plain
}

func newExam(s Setup) (*exam, error) {
	e := &exam{Setup: s, proxy: proxyOf(s.Server), close: func() {}, began: time.Now(), made: make(map[string]canary), skews: make(map[string]time.Duration), ended: make(map[Step]string)}
	var err error
	if e.site, err = baseURL(s.Site); err != nil {
		return nil, &SetupError{"Site", fmt.Errorf("site %w", err)}
	}
	if path, ok := socketPath(s.App); ok {
		if path == "" {
			return nil, &SetupError{"App", fmt.Errorf("application %q has no path; want one such as unix:/run/downloadview.sock", s.App)}
		}
		e.app, e.socket = &url.URL{Scheme: "http", Host: "localhost"}, path
	} else if s.App != "" {
		if e.app, err = baseURL(s.App); err != nil {
			return nil, &SetupError{"App", fmt.Errorf("application %w", err)}
		}
	}
	if s.Storage == nil && s.Key == "" {
		return nil, &SetupError{"Storage", errors.New("neither a storage nor a key; want a Storage for canary files, or the Key of a file to look at")}
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

// socketPath returns the path of a socket's address, also as serve tells it.
func socketPath(addr string) (string, bool) {
	return strings.CutPrefix(strings.TrimPrefix(addr, "http://"), "unix:")
}

// askSocket makes the client that asks the application on its socket.
func (e *exam) askSocket() {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", e.socket)
	}}
	c := *e.client
	c.Transport = t
	e.appClient = &c
	others := e.close
	e.close = func() { t.CloseIdleConnections(); others() }
}

// ownTransport keeps its connections to itself, so that they can be closed.
func ownTransport() (t http.RoundTripper, close func()) {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		return t, t.CloseIdleConnections
	}
	return http.DefaultTransport, func() {}
}

func baseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q; want a URL such as %q", cutQuery(s), "http://127.0.0.1:8080")
	}
	return u, nil
}

func (e *exam) report() Report {
	return Report{Site: cutQuery(e.Site), Checks: answersFirst(inOrder(e.checks, e.ended))}
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

// end says why there is no more to check in this step.
func (e *exam) end(why string) { e.ended[e.step] = why }

// handover returns what the application is expected to tell its proxy for key;
// false where it is expected to stream.
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

// resultOf returns what a check came to; not applicable where it was not made.
func (e *exam) resultOf(name string) Result {
	for _, c := range e.checks {
		if c.Name == name {
			return c.Result
		}
	}
	return NotApplicable
}

func (e *exam) keys() []string { return slices.Sorted(maps.Keys(e.made)) }
