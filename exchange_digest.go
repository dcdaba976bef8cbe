package downloadview

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
)

// reprDigest sets the fields with the digest of the whole file, a value of
// Repr-Digest, that the request asks for.
func (f *fields) reprDigest(request http.Header, digest string) {
	kind, sum, _ := strings.Cut(digest, "=")
	if wantsDigest(request["Want-Repr-Digest"], kind) {
		f.set("Repr-Digest", digest)
	}
	inner, isSum := strings.CutPrefix(sum, ":")
	inner, ends := strings.CutSuffix(inner, ":")
	if isSum && ends && !strings.Contains(inner, ":") && wantsOldDigest(request["Want-Digest"], kind) {
		f.set("Digest", strings.ToUpper(kind)+"="+inner)
	}
}

// unencodedDigest sets the digest of the whole file without its coding, if the request
// asks for it.
func (f *fields) unencodedDigest(r *Response, request http.Header, a *Attributes) {
	lines := request["Want-Unencoded-Digest"]
	if len(lines) == 0 {
		return
	}
	digest := a.UnencodedDigest
	if a.ContentEncoding == "" && !r.has("Content-Encoding") {
		digest = a.ReprDigest
	}
	if kind, _, _ := strings.Cut(digest, "="); kind != "" && !hasControl(digest) && wantsDigest(lines, kind) {
		f.set("Unencoded-Digest", digest)
	}
}

// wantsDigest reports whether Want-Repr-Digest, Want-Unencoded-Digest or Want-Content-Digest (RFC 9530, 4)
// asks for a kind of digest. A preference of 0 means not wanted.
func wantsDigest(lines []string, kind string) bool {
	for _, line := range lines {
		for want := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(strings.Trim(want, " \t"), "=")
			if strings.EqualFold(name, kind) {
				return weight != "0"
			}
		}
	}
	return false
}

// wantsOldDigest reports whether Want-Digest (RFC 3230, 4.3.1) asks for a kind of
// digest. A weight of 0 means not wanted.
func wantsOldDigest(lines []string, kind string) bool {
	for _, line := range lines {
		for want := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(want, ";")
			if !strings.EqualFold(strings.Trim(name, " \t"), kind) {
				continue
			}
			key, weight, _ := strings.Cut(strings.Trim(params, " \t"), "=")
			return !strings.EqualFold(key, "q") || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

const sha256Kind = "sha-256"

// digestOf returns a value of Repr-Digest or Content-Digest for a SHA-256.
func digestOf(sum []byte) string {
	return sha256Kind + "=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}

// mostDigested is the size in bytes up to which a body is read twice for its digest.
const mostDigested = 1 << 20

// contentDigest returns the value of Content-Digest for a body that consists of part,
// or "" if none is wanted or known. small is the body if it was read already.
func (x *exchange) contentDigest(b body, p plan, part span, small []byte, a *Attributes) (string, error) {
	if x.resp.StoredFields&StoredDigest == 0 || x.r.Method == http.MethodHead { // true for most requests
		return "", nil
	}
	lines := x.r.Header["Want-Content-Digest"]
	if len(lines) == 0 {
		return "", nil
	}
	if kind, _, _ := strings.Cut(a.ReprDigest, "="); p.status == http.StatusOK && kind != "" && !hasControl(a.ReprDigest) && wantsDigest(lines, kind) {
		return a.ReprDigest, nil
	}
	if !wantsDigest(lines, sha256Kind) {
		return "", nil
	}
	if small != nil || part.length == 0 {
		sum := sha256.Sum256(small)
		return digestOf(sum[:]), nil
	}
	s, seeks := b.handle.(io.Seeker)
	if !seeks || part.length < 0 || part.length > mostDigested {
		return "", nil
	}
	return digestAhead(b.handle, s, part.length)
}

// digestAhead returns the digest of the next n bytes of r, which s then goes back. A panic of
// the file is an error, as when its bytes are sent.
func digestAhead(r io.Reader, s io.Seeker, n int64) (digest string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	sum := sha256.New()
	if _, err = io.CopyN(sum, checkedReader{r}, n); err == nil {
		_, err = s.Seek(-n, io.SeekCurrent)
	}
	return digestOf(sum.Sum(nil)), err
}

// A digestTrailer is a ResponseWriter that ends a body of unknown length with its
// digest, in trailer fields.
type digestTrailer struct {
	http.ResponseWriter
	fields []string
	sum    hash.Hash
}

// trailer returns a writer for the body that ends with its digest, or nil if the client
// asks for none of the possible fields, or can't take them. It announces the fields in f.
func (x *exchange) trailer(f *fields, possible ...string) *digestTrailer {
	if x.resp.StoredFields&StoredDigest == 0 || x.r.Method == http.MethodHead || !takesTrailers(x.r) {
		return nil
	}
	t := &digestTrailer{ResponseWriter: x.w}
	if len(f.header["Content-Encoding"]) == 0 && slices.Contains(possible, "Repr-Digest") {
		possible = append(possible, "Unencoded-Digest")
	}
	for _, field := range possible {
		if wantsDigest(x.r.Header["Want-"+field], sha256Kind) && len(f.header[field]) == 0 {
			t.fields = append(t.fields, field)
		}
	}
	if t.fields == nil {
		return nil
	}
	t.sum = sha256.New()
	f.set("Trailer", strings.Join(t.fields, ", "))
	return t
}

// takesTrailers evaluates TE (RFC 9110, 10.1.4). If Connection doesn't name TE, a proxy
// has passed TE on although it must not: lighttpd 1.4 does, and makes a broken header of
// the trailer. Many clients that take trailers send no Connection.
func takesTrailers(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return false
	}
	if hops := r.Header["Connection"]; r.ProtoMajor == 1 && len(hops) > 0 && !hasMember(hops, "te") {
		return false
	}
	return hasMember(r.Header["Te"], "trailers")
}

// hasMember reports whether a list has a member, in upper or lower case.
func hasMember(lines []string, name string) bool {
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(member, " \t"), name) {
				return true
			}
		}
	}
	return false
}

func (t *digestTrailer) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *digestTrailer) Write(p []byte) (int, error) {
	n, err := t.ResponseWriter.Write(p)
	n, err = written(n, len(p), err)
	t.sum.Write(p[:n])
	return n, err
}

// end sets the trailer fields. The whole body has been written.
func (t *digestTrailer) end() {
	digest := digestOf(t.sum.Sum(nil))
	for _, field := range t.fields {
		t.Header()[field] = []string{digest}
	}
}
