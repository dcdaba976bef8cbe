package proxytest

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Front is an application behind a server, with one rule.
type Front struct {
	*Server
	Kind
	Dir string // the directory of the rule
}

// A Kind is a server, with the form of its rules and header field.
type Kind struct{ proxies.Proxy }

// KindOf returns the Kind of the server called name.
func KindOf(t testing.TB, name string) Kind {
	t.Helper()
	return Kind{find(t, name)}
}

// Field is the header field that hands a file over.
func (k Kind) Field() string { return k.Accel().Field }

// Rule returns a rule for the files in dir.
func (k Kind) Rule(name, location, dir string) site.Rule {
	r := site.Rule{Rule: accel.Rule{Name: name, Source: dir, Destination: dir}}
	if k.Locations {
		r.Destination = location
	}
	return r
}

// encode returns the name of a file in the form for the server: unchanged or
// percent-encoded.
func (k Kind) encode(name string) string {
	if value, _ := k.Accel().Encode("", "a b"); value == "a b" {
		return name
	}
	segments := strings.Split(name, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}

// NewFront runs the server called name in front of [SendOrEcho], with a file a.bin.
// edit changes its configuration, as [Options.Edit] does.
func NewFront(t testing.TB, name string, edit func(conf string) string) *Front {
	t.Helper()
	k := KindOf(t, name)
	dir := filepath.Join(t.TempDir(), "media")
	s := site.Site{
		Upstream: Application(t, SendOrEcho),
		Rules:    []site.Rule{k.Rule("media", "/_media/", dir)},
	}
	Write(t, dir, "a.bin", "0123456789")
	return &Front{Start(t, name, s, Options{Edit: edit}), k, dir}
}

// AnswerPrefix begins the names of request fields that [SendOrEcho] copies to its
// answer.
const AnswerPrefix = "Answer-"

// SendOrEcho answers a request for /send, or below it, with the fields of the request
// that begin with [AnswerPrefix]. It answers all others with their method, URI and
// host.
func SendOrEcho(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/send" && !strings.HasPrefix(r.URL.Path, "/send/") {
		w.Header()["Content-Type"] = nil
		w.Write([]byte(r.Method + " " + r.RequestURI + " " + r.Host))
		return
	}
	for name, values := range r.Header {
		if name, ok := strings.CutPrefix(name, AnswerPrefix); ok {
			v, err := url.QueryUnescape(values[0])
			if err != nil {
				panic(err)
			}
			w.Header().Set(name, v)
		}
	}
}

// Value returns the value of the header field that hands over the file called name.
func (f *Front) Value(name string) string {
	if f.Locations {
		return "/_media/" + f.encode(name)
	}
	return f.encode(f.Dir + "/" + name)
}

// Send sends a request that makes the application hand over value, with the fields
// of [Described]. fields are names and values for the request.
func (f *Front) Send(t testing.TB, method, value string, fields ...string) *http.Response {
	t.Helper()
	h := f.Answering(value)
	for i := 0; i < len(fields); i += 2 {
		h.Set(fields[i], fields[i+1])
	}
	return f.Do(t, method, "/send", h)
}

// Answering returns the request fields that make the application hand over value,
// with the fields of [Described].
func (f *Front) Answering(value string) http.Header {
	h := http.Header{}
	for name, v := range Described {
		h.Set(AnswerPrefix+name, url.QueryEscape(v))
	}
	h.Set(AnswerPrefix+f.Field(), url.QueryEscape(value))
	return h
}

// Described has the fields that an application sends for a file.
var Described = map[string]string{
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
