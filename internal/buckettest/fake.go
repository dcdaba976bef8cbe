package buckettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// A Fake makes storages of one kind over servers with answers that no real
// store can be made to give. Its tests are the same for all kinds.
type Fake struct {
	// Open returns a storage whose server gives these answers, and is asked
	// once per call.
	Open func(t *testing.T, answer http.HandlerFunc) downloadview.Storage

	// Stamp adds the version to the header of an answer with bytes. Tag is the
	// resulting entity tag of the file.
	Stamp func(h http.Header)
	Tag   string

	// Look writes the answer to a request for the metadata of an object with
	// this content, in the version of Stamp. nil means the same answer as to a
	// read.
	Look func(w http.ResponseWriter, content []byte)

	// Refuse writes the store's answer with a status and an error code. nil
	// means that the store has no codes.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code string)

	// IsLook reports whether a request is for an object's metadata. nil means
	// HEAD.
	IsLook func(r *http.Request) bool

	// RangeField is the header field with a request's range; "" means Range.
	RangeField string

	// NoSuffix means that the store can't be asked for the last bytes.
	NoSuffix bool
}

func (f *Fake) isLook(r *http.Request) bool {
	if f.IsLook == nil {
		return r.Method == http.MethodHead
	}
	return f.IsLook(r)
}

// rangeOf returns the requested range, or "" for the whole object.
func (f *Fake) rangeOf(r *http.Request) string {
	if f.RangeField == "" {
		return r.Header.Get("Range")
	}
	return r.Header.Get(f.RangeField)
}

// serve answers like a store that has an object with this content.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request, content []byte) {
	if f.Look != nil && f.isLook(r) {
		f.Look(w, content)
		return
	}
	if asked := f.rangeOf(r); asked != "" {
		r.Header.Set("Range", asked)
	}
	f.Stamp(w.Header())
	http.ServeContent(w, r, "", lastModified, bytes.NewReader(content))
}

// lastModified is the time of all objects.
var lastModified = time.Unix(1.7e9, 0)

func (f *Fake) refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	if f.Refuse == nil {
		w.WriteHeader(status)
		return
	}
	f.Refuse(w, r, status, code)
}

// file returns the file "a" of a storage with these answers.
func (f *Fake) file(t *testing.T, answer http.HandlerFunc) downloadview.File {
	t.Helper()
	return fileOf(t, f.Open(t, answer), "a")
}

func fileOf(t *testing.T, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	file, err := s.File(key)
	if err != nil {
		t.Fatalf("File(%q): %v", key, err)
	}
	return file
}

// openRange calls OpenRange of the file itself, so that there is no fallback.
func openRange(ctx context.Context, file downloadview.File, offset, length int64) (fs.File, error) {
	r, ok := downloadview.Find[downloadview.RangeFile](file)
	if !ok {
		return nil, errors.New("the file has no OpenRange")
	}
	return r.OpenRange(ctx, offset, length)
}

// closed closes h and returns err.
func closed(h fs.File, err error) error {
	if err == nil {
		h.Close()
	}
	return err
}

// read returns the content of h, which it closes.
func read(t *testing.T, h fs.File) string {
	t.Helper()
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func attributesOf(t *testing.T, h fs.File) downloadview.Attributes {
	t.Helper()
	fi, err := h.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return downloadview.AttributesOf(fi)
}
