package downloadview

import (
	"net/http"
	"slices"
)

// add adds to the answer the fields of h for which wanted is true; if wanted is
// nil, all of them. Requests may share h, and an outer ResponseWriter may append to
// the values, so every slice is copied.
func (f *fields) add(h http.Header, wanted func(key string) bool) {
	if len(h) == 0 { // the usual case; ranging over an empty map takes time
		return
	}
	var odd []string // keys that are not canonical; the canonical one comes last and wins
	for key := range h {
		if http.CanonicalHeaderKey(key) != key {
			odd = append(odd, key)
		}
	}
	slices.Sort(odd)
	for _, key := range odd {
		if name := http.CanonicalHeaderKey(key); wanted == nil || wanted(name) {
			f.put(name, h[key])
		}
	}
	for key, values := range h {
		if http.CanonicalHeaderKey(key) == key && (wanted == nil || wanted(key)) {
			f.put(key, values)
		}
	}
}

// rekey gives the fields in h that this package sets or reads their canonical keys. Outer
// handlers may have set them under others, such as "ETag", which a map has beside "Etag".
func rekey(h http.Header) {
	for key, values := range h {
		if name := http.CanonicalHeaderKey(key); name != key && isKnown(name) {
			delete(h, key)
			h[name] = slices.Concat(h[name], values)
		}
	}
}

// isKnown reports whether this package sets or reads a field, whose key is canonical.
func isKnown(key string) bool {
	_, single := strictest[key]
	return single || listFields[key] != 0 || slices.Contains(contentFields, key) ||
		key == "X-Content-Type-Options" || key == "Strict-Transport-Security" || key == "Expires" || speaksToOneCache(key)
}

// put sets one field with a canonical key. If an outer handler has set it already,
// put joins lists and keeps the stricter of two policies.
func (f *fields) put(key string, values []string) {
	if outside := f.header[key]; len(outside) > 0 {
		switch kind := listFields[key]; {
		case kind == extended || kind == extendedByLines:
			values = union(outside, values)
		case kind == preceded:
			values = union(values, outside)
		case isWeaker(key, values, outside):
			return
		}
	}
	f.header[key] = slices.Clone(values)
}

// drop deletes fields from the header.
func (f *fields) drop(keys []string) {
	if len(f.header) == 0 {
		return
	}
	for _, key := range keys {
		delete(f.header, key)
	}
}

// has reports whether the view's Header has a field, whose key is canonical.
func (r *Response) has(key string) bool {
	if len(r.Header) == 0 {
		return false
	}
	for k, values := range r.Header {
		if len(values) > 0 && http.CanonicalHeaderKey(k) == key {
			return true
		}
	}
	return false
}

// describesAnswer reports whether a field is not about another connection, such as that to an
// origin whose header a view has copied: clients of HTTP/2 refuse answers with these fields,
// and a Transfer-Encoding takes the length away.
func describesAnswer(key string) bool {
	switch key {
	case "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade":
		return false
	}
	return true
}

// describesNoBody reports whether a field may stand in an answer without a body.
func describesNoBody(key string) bool { return !isOfBody(key) && describesAnswer(key) }

// describesNoFile reports whether a field may stand in an answer that has nothing
// to do with a file.
func describesNoFile(key string) bool {
	return describesNoBody(key) && !slices.Contains(contentFields, key)
}
