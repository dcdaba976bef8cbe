package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
)

// An ObjectView looks up the object that a request is about, such as a row of
// a database, and serves the file that the object names in one of its fields.
type ObjectView[T any] struct {
	// Object looks the object up. An error ends the request with its
	// [StatusCode], so that an object that is not there should be
	// [fs.ErrNotExist]: map [database/sql.ErrNoRows] and the like to it.
	Object func(r *http.Request) (T, error)

	// File takes the file from the object. A nil File stands for a field that
	// is empty and is answered 404.
	File func(object T) (File, error)

	// Response is what the object says of the download: the name, the type with
	// its charset, the disposition, a time or an entity tag of its own, a
	// Content-Encoding in its Header. As always this comes before what the
	// storage says. Its File is replaced. nil: nothing.
	Response func(object T) Response

	// Attributes is what the object remembers of the bytes, as the storage
	// would tell it. Where Size is known, and the entity tag from here or from
	// Response, a streamed HEAD and a 304 are answered by it and the storage is
	// not asked. All else is decided on the open file, whose size, time and tag
	// are the ones that are sent; if the object remembers another size or tag,
	// that is logged as a warning. An ETag here is the one that the storage
	// gives: one that the storage doesn't know belongs into Response.
	//
	// Unlike elsewhere a Size of 0 means that it is not known. nil: nothing is.
	Attributes func(object T) Attributes
}

// Respond looks the object up. It does no other I/O than Object does.
func (v ObjectView[T]) Respond(r *http.Request) (Response, error) {
	if v.Object == nil || v.File == nil {
		return Response{}, errors.New("the ObjectView needs both Object and File")
	}
	object, err := v.Object(r)
	if err != nil {
		return Response{}, err
	}
	f, err := v.File(object)
	if err != nil {
		return Response{}, err
	}
	if f == nil {
		return Response{}, fmt.Errorf("the object has no file: %w", fs.ErrNotExist)
	}
	var resp Response
	if v.Response != nil {
		resp = v.Response(object)
	}
	resp.File = f
	if v.Attributes != nil {
		resp.File = remembered{f, v.Attributes(object)}
	}
	return resp, nil
}

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

var _ View = ObjectView[any]{}
