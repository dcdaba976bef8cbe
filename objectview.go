package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
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

var _ View = ObjectView[any]{}
