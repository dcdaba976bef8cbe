package main

import (
	"context"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// An answer is the response of one mode.
type answer struct {
	Proxy      string // that the answer is for; "": none
	Status     int
	Header     http.Header
	HandedOver bool // the proxy is told to send the file
}

// ask sends a HEAD request for path, which has the header of a GET, directly to the
// handler. The answer is the one that this process sends, before any proxy.
func (m mode) ask(ctx context.Context, path, token string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, path, nil)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := &witness{header: http.Header{}}
	m.Handler.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK) // as the server does where nobody has
	handedOver := m.Field != "" && len(w.sent[m.Field]) > 0
	return answer{m.Proxy, w.status, w.sent, handedOver}, nil
}

// name returns the name of the download in a, and whether browsers show it instead of
// saving it.
func (a answer) name() (name string, shown bool) {
	kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Disposition"))
	if err != nil {
		return "", false
	}
	return params["filename"], kind == "inline"
}

// A field is a line of a header.
type field struct {
	Name, Value string
	Differs     bool
}

// fields returns the lines of the header, sorted, and marks those that another answer
// doesn't have.
func (a answer) fields(other answer) []field {
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		value := a.Header.Get(name)
		fields = append(fields, field{spelling(name), value, value != other.Header.Get(name)})
	}
	return fields
}

// missing returns the names of the fields that another answer has and a doesn't have.
func (a answer) missing(other answer) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(other.Header)) {
		if _, ok := a.Header[name]; !ok {
			names = append(names, spelling(name))
		}
	}
	return names
}

// spelling has the names of fields that Go writes differently from RFC 9110 and RFC
// 6750.
func spelling(name string) string {
	switch name {
	case "Etag":
		return "ETag"
	case "Www-Authenticate":
		return "WWW-Authenticate"
	}
	return name
}

// A witness is a ResponseWriter that keeps the header and drops the body.
type witness struct {
	header, sent http.Header
	status       int // 0: the header isn't out
}

func (w *witness) Header() http.Header { return w.header }

func (w *witness) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *witness) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(p), nil
}

// linkTo returns the path of an item, escaped.
func linkTo(i item) string {
	u := url.URL{Path: "/" + i.Slug + "/" + i.Key}
	return u.EscapedPath()
}
