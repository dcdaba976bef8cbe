package downloadview

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Attributes describe a file's bytes. The zero value of a field means "not known",
// except for Size, where -1 does.
type Attributes struct {
	Size    int64     // in bytes; -1: not known
	ModTime time.Time // last change; zero: not known; before 1981: displayed, but not a validator
	// SoFar is how many bytes there are at this moment, if Size is -1 and the content
	// grows. If the handle is an [io.Seeker] and an [io.WriterTo], and waits for bytes
	// that are not there yet, requests for a range are answered as RFC 8673 says.
	SoFar int64
	// ETag is the entity tag with its quotes. A weak tag (W/…) is ignored: two
	// versions with different bytes may share it (RFC 9110, 8.8.1). See
	// StrongETag.
	ETag            string
	ContentType     string
	ContentEncoding string // as stored, such as "gzip"; never derived from a name
	ContentLanguage string

	// A store may keep these fields with the bytes. They reach a client only by
	// [Response.StoredFields].
	CacheControl string // the stored Cache-Control
	Expires      string // the stored Expires, an HTTP date
	Disposition  string // the stored Content-Disposition
	ReprDigest   string // value of Repr-Digest (RFC 9530): a digest of all stored bytes
	// UnencodedDigest is a value of Unencoded-Digest, in the form of ReprDigest: a digest
	// of what the stored bytes are without their ContentEncoding. If there is none, it
	// isn't used: ReprDigest is the same.
	UnencodedDigest string

	// Metadata are the application's own values, stored with the bytes; the keys
	// are in lower case. They never reach a client. The map may be shared: don't
	// change it in place.
	Metadata map[string]string
}

// AttributesOf returns the attributes in fi. If fi has a method Attributes()
// Attributes, they are its result. Else they are Size and ModTime of fi, and the
// results of its methods ETag() string and ContentType() string if it has them. A
// negative size becomes -1.
//
// AttributesOf removes from ContentEncoding the values that don't change the
// bytes: identity, none, and aws-chunked, which some stores keep from an upload.
//
// It removes an ETag that is made of the size and a time before 1981: all files of
// a container image or an archive may have the same such time, so that the next
// version could get the same tag.
func AttributesOf(fi fs.FileInfo) Attributes {
	var a Attributes
	a.readFrom(fi)
	return a
}

// readFrom sets a, which is zero, to the attributes in fi. Attributes are large.
func (a *Attributes) readFrom(fi fs.FileInfo) {
	switch fi := fi.(type) {
	case interface{ Attributes() Attributes }:
		*a = fi.Attributes()
	default:
		a.Size, a.ModTime = fi.Size(), fi.ModTime()
		if t, ok := fi.(interface{ ETag() string }); ok {
			a.ETag = t.ETag()
		}
		if t, ok := fi.(interface{ ContentType() string }); ok {
			a.ContentType = t.ContentType()
		}
	}
	if a.Size < 0 {
		a.Size = -1
	}
	if a.ContentEncoding != "" {
		a.ContentEncoding = codings(a.ContentEncoding)
	}
	a.dropTagOfTime()
}

// StrongETag returns ETag if it is one strong entity tag (RFC 9110, 8.8.3), else "".
// Two answers with the same strong tag have the same bytes.
func (a Attributes) StrongETag() string {
	return strongTag(a.ETag)
}

func strongTag(tag string) string {
	if isStrong(tag) {
		return tag
	}
	return ""
}

// codings returns list without the values that don't change the bytes. Stores may
// keep such values with an object: aws-chunked describes only its upload.
func codings(list string) string {
	isNone := func(coding string) bool {
		switch strings.ToLower(strings.Trim(coding, " \t")) {
		case "", "identity", "none", "aws-chunked":
			return true
		}
		return false
	}
	all := strings.Split(list, ",")
	if !slices.ContainsFunc(all, isNone) {
		return list
	}
	real := slices.DeleteFunc(all, isNone)
	for i, coding := range real {
		real[i] = strings.Trim(coding, " \t")
	}
	return strings.Join(real, ", ")
}

// FileInfo returns a as the [fs.FileInfo] of a regular file. It is for authors of
// storages. name may be a whole key; its last element is used.
func (a Attributes) FileInfo(name string) fs.FileInfo {
	return &attributesInfo{name: path.Base(name), attributes: a}
}

type attributesInfo struct {
	name       string
	attributes Attributes
}

func (i *attributesInfo) Name() string           { return i.name }
func (i *attributesInfo) Size() int64            { return i.attributes.Size }
func (i *attributesInfo) Mode() fs.FileMode      { return 0o444 }
func (i *attributesInfo) ModTime() time.Time     { return i.attributes.ModTime }
func (i *attributesInfo) IsDir() bool            { return false }
func (i *attributesInfo) Sys() any               { return nil }
func (i *attributesInfo) Attributes() Attributes { return i.attributes }
