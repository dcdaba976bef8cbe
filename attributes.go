package downloadview

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Attributes describe the bytes of a file. The zero value of a field means "not
// known", except for Size: there -1 means it.
type Attributes struct {
	Size    int64     // in bytes; -1: not known
	ModTime time.Time // last change; zero: not known; before 1981: shown to people, but no validator
	// ETag is the entity tag with its quotes. A weak tag (W/…) counts as none,
	// because two versions with different bytes may have the same weak tag (RFC
	// 9110, 8.8.1). See StrongETag.
	ETag            string
	ContentType     string
	ContentEncoding string // as stored, such as "gzip"; never derived from a name
	ContentLanguage string

	// What else a store may keep with the bytes. It reaches a client only through
	// [Response.StoredFields].
	CacheControl string // of the store's own answers
	Expires      string // likewise, as an HTTP date
	Disposition  string // the Content-Disposition stored with it
	ReprDigest   string // value of Repr-Digest (RFC 9530): a digest of the whole, as it is stored

	// Metadata is what the application stored beside the bytes; keys are in lower
	// case. It never reaches a client. Don't change it in place, because it may be
	// shared.
	Metadata map[string]string
}

// AttributesOf returns what fi knows. If fi has a method Attributes()
// Attributes, that is its result; else Size and ModTime, and the results of the
// methods ETag() string and ContentType() string if fi has them. A negative
// size counts as not known.
//
// Words in ContentEncoding that are no coding are removed: aws-chunked (some
// stores keep it from the upload), identity and none.
//
// An ETag that is made of the size and of a time before 1981 is removed. Such a
// time is the same for all files of a container image or an archive, so the
// next version would get the same tag.
func AttributesOf(fi fs.FileInfo) Attributes {
	var a Attributes
	switch fi := fi.(type) {
	case interface{ Attributes() Attributes }:
		a = fi.Attributes()
	default:
		a = Attributes{Size: fi.Size(), ModTime: fi.ModTime()}
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
	return a
}

// StrongETag returns ETag if it is one strong entity tag (RFC 9110, 8.8.3), else
// "": two answers with the same one are of the same bytes.
func (a Attributes) StrongETag() string {
	if isStrong(a.ETag) {
		return a.ETag
	}
	return ""
}

// codings returns the codings of a list that are ones. Stores keep others with an
// object, of which its bytes have nothing: aws-chunked is how it was uploaded.
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

// FileInfo returns a as a [fs.FileInfo] of a regular file, for authors of
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
