package downloadview

import (
	"log/slog"
	"net/http"
)

// A remembered file comes with what somebody remembers of it. It is no
// [StatFile], because whoever asks for a look wants the truth.
type remembered struct {
	File
	attributes Attributes
}

func (f remembered) Unwrap() File { return f.File }

// recall answers HEAD and 304 with what is remembered of the file. Whatever
// else that would lead to is decided on the open file.
func (x *exchange) recall() (done bool, err error) {
	f, ok := Find[remembered](x.resp.File)
	if !ok || f.attributes.Size <= 0 || asksForAny(x.r.Header) {
		return false, nil
	}
	a := f.attributes
	a.dropTagOfTime()
	// Where neither has a tag, the one that time and size make may not be the
	// storage's; nginx makes its own of the time of the very file.
	if x.resp.ETag == "" && (a.StrongETag() == "" || x.style != NanosecondTag) {
		return false, nil
	}
	k := x.facts(a, x.parts(a))
	p := decide(x.r.Method, x.r.Header, k)
	if p.status == http.StatusNotModified || p.status == http.StatusOK && x.r.Method == http.MethodHead {
		x.unseen = true
		return true, x.send(body{}, p, a, k)
	}
	return false, nil
}

// compare logs where the open file is not what is remembered of it.
func (x *exchange) compare(a Attributes) {
	f, ok := Find[remembered](x.resp.File)
	if !ok {
		return
	}
	was := f.attributes
	sameSize := was.Size <= 0 || a.Size < 0 || was.Size == a.Size
	sameTag := was.ETag == "" || a.ETag == "" || was.ETag == a.ETag
	if sameSize && sameTag {
		return
	}
	x.logger().LogAttrs(x.r.Context(), slog.LevelWarn, "the object remembers another file",
		slog.String("path", x.r.URL.Path), slog.String("file", f.Name()),
		slog.Int64("size", a.Size), slog.Int64("remembered_size", was.Size),
		slog.String("etag", a.ETag), slog.String("remembered_etag", was.ETag))
}
