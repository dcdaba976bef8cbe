package proxyconf_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxyconf"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// An other is a server beside nginx, and how it is told which file to send.
type other struct {
	name        string
	binary, env string
	field       string
	encode      func(string) string
	forbidden   int // status for what is no file in a rule's directory
	check       []string
	warning     string // what the check says of what it only puts up with
}

var others = []other{
	{"apache", "apache2", "DOWNLOADVIEW_APACHE", "X-Sendfile", raw, 404, []string{"-t", "-f"}, "AH00"},
	{"lighttpd", "lighttpd", "DOWNLOADVIEW_LIGHTTPD", "X-Sendfile", escaped, 403, []string{"-tt", "-f"}, "WARNING"},
	{"caddy", "caddy-current", "DOWNLOADVIEW_CADDY", "X-Accel-Redirect", escaped, 404, []string{"validate", "--adapter", "caddyfile", "--config"}, "not formatted"},
	{"caddy@2.6", "caddy", "DOWNLOADVIEW_CADDY26", "X-Accel-Redirect", raw, 404, []string{"validate", "--adapter", "caddyfile", "--config"}, "not formatted"},
}

func raw(s string) string { return s }

func escaped(s string) string {
	segments := strings.Split(s, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}

// eachOther runs f for each server that is there.
func eachOther(t *testing.T, f func(t *testing.T, o other)) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			testserver.Binary(t, o.binary, o.env)
			f(t, o)
		})
	}
}

// internal tells whether rules have internal locations, not directories.
func (o other) internal() bool { return o.field == "X-Accel-Redirect" }

// rule is one for the files in dir.
func (o other) rule(name, location, dir string) proxyconf.Rule {
	r := proxyconf.Rule{Name: name, Source: dir, Destination: dir}
	if o.internal() {
		r.Destination = location
	}
	return r
}

// front is an application behind one of the others, with one rule.
type front struct {
	*proxytest.Server
	other
	dir string // what the rule is for
}

// newFront runs an application which answers a request for /send, or below it,
// with what the fields under Answer- say, and all others with what it saw.
func newFront(t *testing.T, o other, edit func(conf string) string) *front {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	s := proxyconf.Site{
		Upstream: application(t, sendOrEcho),
		Rules:    []proxyconf.Rule{o.rule("media", "/_media/", dir)},
	}
	write(t, dir, "a.bin", "0123456789")
	return &front{proxytest.Start(t, o.name, s, proxytest.Options{Edit: edit}), o, dir}
}

const answerPrefix = "Answer-"

func sendOrEcho(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/send" && !strings.HasPrefix(r.URL.Path, "/send/") {
		w.Header()["Content-Type"] = nil
		w.Write([]byte(r.Method + " " + r.RequestURI + " " + r.Host))
		return
	}
	for name, values := range r.Header {
		if name, ok := strings.CutPrefix(name, answerPrefix); ok {
			v, err := url.QueryUnescape(values[0])
			if err != nil {
				panic(err)
			}
			w.Header().Set(name, v)
		}
	}
}

// value is what hands over the file called name.
func (f *front) value(name string) string {
	if f.internal() {
		return "/_media/" + f.encode(name)
	}
	return f.encode(f.dir + "/" + name)
}

// send has the application hand value over, with the fields of an answer that
// has them all, and those of the request.
func (f *front) send(t *testing.T, method, value string, fields ...string) *http.Response {
	t.Helper()
	h := f.answering(value)
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return f.Do(t, method, "/send", h)
}

// answering has the application hand value over.
func (f *front) answering(value string) http.Header {
	h := http.Header{}
	for name, v := range applications {
		h.Set(answerPrefix+name, url.QueryEscape(v))
	}
	h.Set(answerPrefix+f.field, url.QueryEscape(value))
	return h
}

// applications is what an application says of a file.
var applications = map[string]string{
	"Accept-Ranges":           "bytes",
	"Cache-Control":           "private, max-age=60",
	"Content-Disposition":     `attachment; filename="a"`,
	"Content-Language":        "de",
	"Content-Security-Policy": "sandbox",
	"Content-Type":            "text/x-own; charset=utf-8",
	"Etag":                    `"application"`,
	"Expires":                 "Thu, 01 Jan 2026 00:00:00 GMT",
	"Last-Modified":           "Thu, 29 Feb 2024 12:30:15 GMT",
	"Set-Cookie":              "a=b",
	"Vary":                    "Cookie",
	"X-Content-Type-Options":  "nosniff",
}
