package downloadview

import (
	"log/slog"
	"net/http"
)

// A remembered file has attributes that the application has stored for it. It is
// not a [StatFile], so that [Stat] returns the storage's current attributes.
type remembered struct {
	File
	attributes Attributes
}

func (f *remembered) Unwrap() File { return f.File }

// recall answers from the remembered attributes if the answer is to HEAD or is a
// 304. Every other answer is decided with the open file.
func (x *exchange) recall() (done bool, err error) {
	f, ok := Find[*remembered](x.resp.File)
	if !ok || f.attributes.Size <= 0 || asksForAny(x.r.Header) {
		return false, nil
	}
	return x.answerFrom(f.attributes)
}

func (x *exchange) answerFrom(a Attributes) (done bool, err error) {
	a.dropTagOfTime()
	// Without a tag, one made from the remembered time and size may differ from the
	// storage's. A proxy's style of tag needs the time of the real file.
	if x.resp.ETag == "" && (strongTag(a.ETag) == "" || x.style != NanosecondTag) {
		return false, nil
	}
	offered := x.parts(&a)
	if src, _ := SourceOf(x.resp.File); src.Scheme == "file" { // its handle seeks
		offered = manyParts
	}
	k := x.facts(&a, offered)
	p := decide(x.r.Method, x.r.Header, k)
	if p.status == http.StatusNotModified || p.status == http.StatusOK && x.r.Method == http.MethodHead {
		x.unseen = true
		return true, x.send(body{}, p, &a, &k)
	}
	return false, nil
}

// compare logs a warning if the open file differs from the remembered attributes.
func (x *exchange) compare(a *Attributes) {
	if f, ok := Find[*remembered](x.resp.File); ok {
		x.warnOfChange(f, a)
	}
}

func (x *exchange) warnOfChange(f *remembered, a *Attributes) {
	was := &f.attributes
	sameSize := was.Size <= 0 || a.Size < 0 || was.Size == a.Size
	sameTag := was.ETag == "" || a.ETag == "" || was.ETag == a.ETag
	if sameSize && sameTag {
		return
	}
	x.logger().LogAttrs(x.r.Context(), slog.LevelWarn, "the file differs from the attributes that the view remembers",
		slog.String("path", x.r.URL.Path), slog.String("file", f.Name()),
		slog.Int64("size", a.Size), slog.Int64("remembered_size", was.Size),
		slog.String("etag", a.ETag), slog.String("remembered_etag", was.ETag))
}
