package gcsbucket

import (
	"crypto/md5"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"

	"github.com/downloadview/downloadview"
)

// looked returns the metadata of an object, except for fields that an answer
// with bytes doesn't have.
func (f *file) looked(o *storage.ObjectAttrs, seen *seen) fs.FileInfo {
	a := listed(o)
	a.CacheControl = o.CacheControl
	a.Metadata = inLowerCase(o.Metadata)
	if seen.header != nil {
		a.ContentLanguage = o.ContentLanguage
		a.Disposition = o.ContentDisposition
		a.ReprDigest = digest(o.MD5)
	}
	return a.FileInfo(f.key)
}

// got returns the metadata in an answer with bytes.
func (f *file) got(r *storage.Reader, seen *seen) fs.FileInfo {
	a := downloadview.Attributes{
		Size:            sizeOf(r),
		ModTime:         r.Attrs.LastModified,
		ETag:            tag(r.Attrs.Generation),
		ContentType:     r.Attrs.ContentType,
		ContentEncoding: r.Attrs.ContentEncoding,
		ContentLanguage: seen.header.Get("Content-Language"),
		CacheControl:    r.Attrs.CacheControl,
		Disposition:     seen.header.Get("Content-Disposition"),
		ReprDigest:      digest(md5In(seen.header)),
	}
	if r.Attrs.Decompressed { // the tag and the digest describe the stored bytes
		a.ETag, a.ReprDigest = "", ""
	}
	a.Metadata = inLowerCase(r.Metadata())
	return a.FileInfo(f.key)
}

func listed(o *storage.ObjectAttrs) downloadview.Attributes {
	return downloadview.Attributes{
		Size:            o.Size,
		ModTime:         o.Updated.Truncate(time.Second), // like Last-Modified
		ETag:            tag(o.Generation),
		ContentType:     o.ContentType,
		ContentEncoding: o.ContentEncoding,
	}
}

// inLowerCase returns metadata with its keys in lower case.
func inLowerCase(metadata map[string]string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	lower := make(map[string]string, len(metadata))
	for k, v := range metadata {
		lower[strings.ToLower(k)] = v
	}
	return lower
}

// sizeOf returns the size of the whole object, or -1 if it is unknown.
func sizeOf(r *storage.Reader) int64 {
	if r.Attrs.Decompressed {
		return -1
	}
	return r.Attrs.Size
}

func tag(generation int64) string {
	if generation <= 0 {
		return ""
	}
	return `"` + strconv.FormatInt(generation, 10) + `"`
}

// generationOf returns the generation in a tag, or -1 if tag didn't make it.
func generationOf(etag string) int64 {
	if n, err := strconv.ParseInt(strings.Trim(etag, `"`), 10, 64); err == nil && n > 0 && tag(n) == etag {
		return n
	}
	return -1
}

// md5In returns the MD5 of the whole object in an answer. The XML API sends one
// field for each hash, the JSON API one for all.
func md5In(h http.Header) []byte {
	for _, line := range h["X-Goog-Hash"] {
		for hash := range strings.SplitSeq(line, ",") {
			if sum, ok := strings.CutPrefix(strings.TrimSpace(hash), "md5="); ok {
				b, _ := base64.StdEncoding.DecodeString(sum)
				return b
			}
		}
	}
	return nil
}

// digest returns a Repr-Digest (RFC 9530) for an MD5. The RFC's registry calls
// MD5 deprecated: it detects transmission errors, but not manipulation.
func digest(sum []byte) string {
	if len(sum) != md5.Size {
		return ""
	}
	return "md5=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}
