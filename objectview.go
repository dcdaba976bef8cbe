package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
)

// An ObjectView finds the object that a request is about, such as a row of a
// database, and serves the file that a field of the object names.
type ObjectView[T any] struct {
	// Object finds the object. An error ends the request with its [StatusCode].
	// Return [fs.ErrNotExist] for an object that doesn't exist, for
	// [database/sql.ErrNoRows] for example.
	Object func(r *http.Request) (T, error)

	// File returns the file of the object. A nil File means that the field is
	// empty; the answer is 404.
	File func(object T) (File, error)

	// Response is what the object knows about the download: the name, the type with
	// its charset, the disposition, a time or an entity tag of its own, a
	// Content-Encoding in its Header. As in every Response, these values are used
	// before those of the storage. Its File is replaced. nil means a Response
	// without values.
	Response func(object T) Response

	// Attributes is what the object remembers of the bytes, with the values that
	// the storage would return. If Size is known, and the entity tag from here or
	// from Response, a streamed HEAD and a 304 are answered with these values,
	// without asking the storage. For every other answer the file is opened, and
	// its own size, time and tag are sent; if the object remembers another size or
	// tag, a warning is logged. ETag must be the tag that the storage returns: a
	// tag that the storage doesn't know belongs in Response.
	//
	// Unlike elsewhere, a Size of 0 means that the size is not known. nil means
	// that nothing is remembered.
	Attributes func(object T) Attributes
}

// Respond finds the object and its file. It does no I/O except that of Object.
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
		resp.File = &remembered{f, v.Attributes(object)}
	}
	return resp, nil
}

var _ View = ObjectView[any]{}
