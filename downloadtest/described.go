package downloadtest

import (
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// A Disposition is the disposition type in Content-Disposition.
type Disposition string

const (
	Attachment Disposition = "attachment" // the browser saves the file
	Inline     Disposition = "inline"     // the browser shows the file
)

// inPlace returns a copy of h in which fields with a private name have the name
// that the proxy's configuration gives them.
func inPlace(h http.Header) http.Header {
	const prefix = "X-Download-"
	placed := h.Clone()
	for key, values := range h {
		if name, ok := strings.CutPrefix(key, prefix); ok && name != "Url" && name != "Key" {
			placed[name] = values
		}
	}
	return placed
}

// described compares Content-Disposition and Content-Type.
func (p *problems) described(h http.Header, name string, d Disposition, mediaType string) {
	p.disposition(h.Get("Content-Disposition"), name, d)
	if got := h.Get("Content-Type"); mediaType != "" && !sameType(got, mediaType) {
		p.differ("type", got, mediaType)
	}
}

func (p *problems) disposition(field, name string, d Disposition) {
	if name == "" && d == "" {
		return
	}
	var kind string
	var params map[string]string
	if field != "" {
		var err error
		if kind, params, err = mime.ParseMediaType(field); err != nil {
			p.addf("disposition: got %q, which can't be read: %v", field, err)
			return
		}
	}
	p.differ("name", params["filename"], name)
	p.differ("disposition", kind, string(d))
}

// sameType reports whether got is the media type want and has all parameters of
// want.
func sameType(got, want string) bool {
	if got == want {
		return true
	}
	gotType, gotParams, err := mime.ParseMediaType(got)
	if err != nil {
		return false
	}
	wantType, wantParams, err := mime.ParseMediaType(want)
	if err != nil || gotType != wantType {
		return false
	}
	for key, value := range wantParams {
		if g := gotParams[key]; g != value && (key != "charset" || !strings.EqualFold(g, value)) {
			return false
		}
	}
	return true
}

// header compares further fields. The value "" in want means that the field must be
// absent.
func (p *problems) header(h http.Header, want map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		values := h.Values(key)
		got := strings.Join(values, ", ")
		switch {
		case want[key] != "":
			p.differ("header "+key, got, want[key])
		case len(values) > 0:
			p.addf("header %s: got %q, want none", key, got)
		}
	}
}
