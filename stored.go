package downloadview

import (
	"net/http"
	"strings"
)

// StoredFields is a set of fields that a store keeps with the bytes of a file.
type StoredFields uint8

const (
	// StoredName uses the file name of the stored Content-Disposition if
	// Response.Name is "". The stored word inline or attachment is never used.
	StoredName StoredFields = 1 << iota
	// StoredCacheControl uses the stored Cache-Control and Expires if
	// Response.CacheControl is "".
	StoredCacheControl
	// StoredDigest adds Repr-Digest (RFC 9530) if the store has a digest of the
	// whole file and Want-Repr-Digest of the request asks for its kind.
	StoredDigest
)

// hasStoredPolicy reports whether the stored policy on caching counts.
func (r *Response) hasStoredPolicy(a *Attributes) bool {
	return r.StoredFields&StoredCacheControl != 0 && r.CacheControl == "" && (a.CacheControl != "" || a.Expires != "") &&
		!hasControl(a.CacheControl) && !hasControl(a.Expires)
}

// stored sets the fields, but for Cache-Control, that the store itself would answer with.
func (f *fields) stored(r *Response, request http.Header, a *Attributes) {
	if a.Expires != "" && r.hasStoredPolicy(a) {
		f.set("Expires", a.Expires)
	}
	if r.StoredFields&StoredDigest != 0 && a.ReprDigest != "" && !hasControl(a.ReprDigest) && wantsDigest(request, a.ReprDigest) {
		f.set("Repr-Digest", a.ReprDigest)
	}
}

// wantsDigest tells whether Want-Repr-Digest (RFC 9530, 4) asks for the kind of
// digest that the field value has. A preference of 0 means not wanted.
func wantsDigest(request http.Header, digest string) bool {
	kind, _, _ := strings.Cut(digest, "=")
	for _, line := range request["Want-Repr-Digest"] {
		for want := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(strings.Trim(want, " \t"), "=")
			if strings.EqualFold(name, kind) {
				return weight != "0"
			}
		}
	}
	return false
}
