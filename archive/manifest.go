package archive

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// Manifest returns the response by which nginx with the module mod_zip
// (github.com/evanmiller/mod_zip) makes the archive f, which is one of [Zip]: a list of
// its members with their checksums, and with the internal locations that offloader,
// such as an accelerator of package accel, has for them. The members don't pass
// through this process then. A view returns it in place of a response with f:
//
//	resp := downloadview.Response{File: zip}
//	if m, ok, err := archive.Manifest(r, zip, accelerator); ok || err != nil {
//		return m, err
//	}
//	return resp, nil
//
// The result is false, and f is to be sent by this process, if the CRC-32 of a member
// is not known, if a member has no X-Accel-Redirect by a rule or needs a signed URL, or
// if the name of a member begins with a space. nginx makes an archive of its own form:
// one without comments and modes, and of another length. So a site should answer an
// archive either always in this way or never.
//
// Manifest asks the members as opening f does. The list is sent as a whole, whatever
// range the request has, because nginx takes the range out of the archive. Its
// Last-Modified, by which mod_zip judges If-Range, is the latest time of a member; a
// member that is removed doesn't change it. nginx sends the version of a member that
// is there: if that is not the one whose checksum is in the list, the client finds the
// archive damaged.
//
// This process sends the list only. So a rate, a Pacer and limits of package middleware
// don't limit the archive: set limit_rate in nginx. An Observer and a ledger get the bytes
// of the list, as a complete download, whatever becomes of the archive, and a link for a
// number of downloads is counted by it.
func Manifest(r *http.Request, f downloadview.File, offloader downloadview.Offloader) (downloadview.Response, bool, error) {
	a, ok := downloadview.Find[*archive](f)
	if !ok {
		return downloadview.Response{}, false, nil
	}
	if _, isZip := a.format.(zipFormat); !isZip {
		return downloadview.Response{}, false, nil
	}
	ix, err := a.look(r.Context())
	if err != nil || len(ix.members) == 0 {
		return downloadview.Response{}, false, err
	}
	var list strings.Builder
	latest := int64(unknownTime)
	for i := range ix.members {
		m := &ix.members[i]
		location, ok := locationOf(r, m, offloader)
		if !ok {
			return downloadview.Response{}, false, nil
		}
		fmt.Fprintf(&list, "%08x %d %s %s\r\n", m.crc, m.size, location, m.name)
		latest = max(latest, m.modTime)
	}
	resp := downloadview.Response{
		File:        listFile(a.name, list.String()),
		ContentType: a.contentType,
		Header:      http.Header{"X-Archive-Files": {"zip"}, "X-Archive-Charset": {"UTF-8"}},
		Offloader:   downloadview.NeverOffload,
	}
	if latest != unknownTime {
		resp.ModTime = time.Unix(latest, 0)
	}
	return resp, true, nil
}

// locationOf returns the place of m in the list. mod_zip unescapes it, and takes a plus
// for a space.
func locationOf(r *http.Request, m *member, offloader downloadview.Offloader) (string, bool) {
	if strings.HasPrefix(m.name, " ") {
		return "", false
	}
	if m.isFolder() {
		return "@directory", true
	}
	src, _ := downloadview.SourceOf(m.file)
	h, ok := offloader.Offload(r, src)
	if !ok || !m.known || h.Field != "X-Accel-Redirect" || h.Link != nil || !h.Covers(m.file) {
		return "", false
	}
	if h.Value == "" || strings.ContainsFunc(h.Value, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return "", false
	}
	path, query, hasQuery := strings.Cut(h.Value, "?")
	path = strings.ReplaceAll(path, "+", "%2B")
	if hasQuery {
		path += "?" + query
	}
	return path, true
}

// listFile returns a file without ranges.
func listFile(name, list string) downloadview.File {
	return downloadview.FromFunc(name, func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, list)
		return err
	}, &downloadview.Attributes{Size: int64(len(list))})
}
