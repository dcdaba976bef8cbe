package doctor

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// An answer is a server's answer. If err is set, there was none, and status is 0, or
// its body broke off.
type answer struct {
	status    int
	header    http.Header
	body      string // at most longestBody of it
	err       error
	connected bool // there was a connection, though perhaps no answer
}

// longestBody limits how much of a file is read. Canary files are smaller.
const longestBody = 1 << 20

// get asks for key through the proxy. Fields are pairs of a name and a value.
func (e *exam) get(ctx context.Context, key string, fields ...string) answer {
	return e.ask(ctx, e.site, http.MethodGet, e.Prefix+key, fields...)
}

// getDirect asks the application itself.
func (e *exam) getDirect(ctx context.Context, key string, fields ...string) answer {
	return e.ask(ctx, e.app, http.MethodGet, e.Prefix+key, fields...)
}

// ask sends a request for path, which is not percent-encoded. No segment is cleaned.
func (e *exam) ask(ctx context.Context, to *url.URL, method, path string, fields ...string) answer {
	r, err := http.NewRequestWithContext(ctx, method, to.String(), http.NoBody)
	if err != nil {
		return answer{err: err}
	}
	r.URL.Path = strings.TrimSuffix(to.Path, "/") + path
	r.URL.RawPath = escape(r.URL.Path)
	r.Host = e.site.Host
	maps.Copy(r.Header, e.Header.Clone())
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "downloadview-doctor")
	r.Header.Set(witnessField, "1")
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	if to == e.app && e.appClient != nil {
		return do(e.appClient, r)
	}
	return do(e.client, r)
}

// follow asks for the target of a redirect.
func (e *exam) follow(ctx context.Context, to string) answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, http.NoBody)
	if err != nil {
		return answer{err: bare(err)}
	}
	r.Header.Set("Accept-Encoding", "identity")
	return do(e.client, r)
}

func do(client *http.Client, r *http.Request) answer {
	var connected atomic.Bool // dials may go on in other goroutines
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				connected.Store(true)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }, // also one that was used before
	}))
	resp, err := client.Do(r)
	if err != nil {
		return answer{err: bare(err), connected: connected.Load()}
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header, connected: true}
	if resp.ContentLength >= 0 { // net/http may have removed the field
		a.header.Set("Content-Length", fmt.Sprint(resp.ContentLength))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, longestBody))
	a.body = string(body)
	if err != nil {
		a.err = fmt.Errorf("the body ends after %d bytes: %w", len(body), bare(err))
	}
	return a
}

// bare removes the URL from an error: it may have a signature or a password in it,
// which the report must not show.
func bare(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// gives tells whether a is the whole file c.
func (a answer) gives(c canary) bool {
	return a.err == nil && a.status == http.StatusOK && a.header.Get("Content-Encoding") == "" &&
		(!c.known || a.body == c.content)
}

func (a answer) String() string {
	if a.err != nil {
		return "no answer: " + a.err.Error()
	}
	s := fmt.Sprintf("%d", a.status)
	switch {
	case a.status == http.StatusOK && a.body == "":
		s += " with an empty body"
	case a.status == http.StatusOK:
		s += fmt.Sprintf(" with %d bytes", len(a.body))
	}
	if to := a.header.Get("Location"); to != "" {
		s += " to " + cutQuery(to)
	}
	return s
}

// handsOver returns the field by which an answer hands a file over, and its value.
func (a answer) handsOver() (field, value string) {
	for _, field := range proxies.Fields() {
		if value := a.header.Get(field); value != "" {
			return field, value
		}
	}
	return "", ""
}

// isWitnessed tells whether a [Witness] saw the request and its field came back.
func (a answer) isWitnessed() bool { return a.header.Get(witnessField) != "" }

// isHandedOver tells whether the [Witness] reports that the file was handed over.
func (a answer) isHandedOver() bool { return strings.HasSuffix(a.header.Get(witnessField), handed) }

// said returns the answer in the form for a proxy's room.
func (a answer) said() room.Answer {
	return room.Answer{Status: a.status, Header: a.header, Body: a.body}
}

// escape percent-encodes a path except for its slashes.
func escape(path string) string {
	return strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
}

// cutQuery returns a URL without its query and its user, which may be secret.
func cutQuery(s string) string {
	s, _, _ = strings.Cut(s, "?")
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	host, path, slash := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if slash {
		path = "/" + path
	}
	return scheme + "://" + host + path
}
