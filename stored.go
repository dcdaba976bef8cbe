package downloadview

import "net/http"

// StoredFields is a set of fields that a store keeps with the bytes of a file.
type StoredFields uint8

const (
	// StoredName uses the file name of the stored Content-Disposition if
	// Response.Name is "". The stored word inline or attachment is never used.
	StoredName StoredFields = 1 << iota
	// StoredCacheControl uses the stored Cache-Control and Expires if
	// Response.CacheControl is "".
	StoredCacheControl
	// StoredDigest adds Repr-Digest (RFC 9530) and its predecessor Digest (RFC
	// 3230) if the store has a digest of the whole file, and Want-Repr-Digest or
	// Want-Digest of the request asks for its kind. Want-Unencoded-Digest asks for
	// Unencoded-Digest (draft-ietf-httpbis-unencoded-digest), the digest without the
	// Content-Encoding.
	//
	// If this process sends the bytes and Want-Content-Digest asks for it,
	// Content-Digest is the digest of the body: that of the store for the whole
	// file, and a SHA-256 that is computed for a body of up to 1 MiB that can be read
	// twice. It is left out otherwise, and on answers without a body.
	//
	// Content whose size isn't known gets Content-Digest, Repr-Digest and, if it has no
	// Content-Encoding, Unencoded-Digest as trailer fields, a range of it only
	// Content-Digest, if the request asks for a SHA-256 and has "TE: trailers". A Connection field without TE in it means that a proxy has
	// passed TE on, and there are none.
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
	if r.StoredFields&StoredDigest == 0 {
		return
	}
	if a.ReprDigest != "" && !hasControl(a.ReprDigest) {
		f.reprDigest(request, a.ReprDigest)
	}
	f.unencodedDigest(r, request, a)
}
