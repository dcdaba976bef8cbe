package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
)

// A View decides which file answers a request, and how. It opens nothing. An
// error is answered with its [StatusCode]. Several goroutines call Respond at
// the same time.
type View interface {
	Respond(r *http.Request) (Response, error)
}

// A ViewFunc is a function as a [View].
type ViewFunc func(r *http.Request) (Response, error)

// Respond calls f.
func (f ViewFunc) Respond(r *http.Request) (Response, error) { return f(r) }

// A Middleware wraps a view. It may look at the request, refuse it, and change
// or replace the Response that the inner view returns.
type Middleware func(View) View

// A StorageView serves files of a storage by the key in the request.
type StorageView struct {
	Storage Storage

	// Lookup finds the storage for a request, such as that of a tenant. It is used
	// if Storage is nil; an error ends the request.
	Lookup func(r *http.Request) (Storage, error)

	// Key returns the key for a request; an error ends the request. nil means the
	// value of the wildcard "path", as in the pattern "GET /media/{path...}" of
	// [http.ServeMux]; a route without it is answered with 500. Under other routers
	// set Key to [PathKey].
	Key func(r *http.Request) (string, error)

	// Response holds what is the same for every file; its File is replaced.
	Response Response
}

// Respond finds the file of the request. It does no I/O.
func (v StorageView) Respond(r *http.Request) (resp Response, err error) {
	f, err := v.file(r)
	if err == nil {
		resp = v.Response
		resp.File = f
	}
	return resp, err
}

func (v *StorageView) file(r *http.Request) (File, error) {
	storage, err := v.storage(r)
	if err != nil {
		return nil, err
	}
	key, err := v.key(r)
	if err != nil {
		return nil, err
	}
	return fileOf(storage, key)
}

func (v *StorageView) key(r *http.Request) (string, error) {
	if v.Key == nil {
		return wildcardKey(r)
	}
	return v.Key(r)
}

func (v *StorageView) storage(r *http.Request) (Storage, error) {
	switch {
	case v.Storage != nil:
		return v.Storage, nil
	case v.Lookup == nil:
		return nil, errors.New("the StorageView has neither a Storage nor a Lookup")
	}
	s, err := v.Lookup(r)
	if err == nil && s == nil {
		err = fmt.Errorf("no storage for the request: %w", fs.ErrNotExist)
	}
	return s, err
}
