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

// A Fake makes storages of a kind over servers that answer as no real one can be
// made to. Its tests are the same for all kinds.
type Fake struct {
	// Open returns a storage whose server gives these answers, and is asked once
	// for each call.
	Open func(t *testing.T, answer http.HandlerFunc) downloadview.Storage

	// Stamp adds the version to an answer with bytes; Tag is the entity tag that
	// the file then has.
	Stamp func(h http.Header)
	Tag   string

	// Look answers a look at an object with this content, in the version of Stamp.
	// nil: as to a read.
	Look func(w http.ResponseWriter, content []byte)

	// Refuse answers as the store does that fails with a status and a code. nil
	// has no codes.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code string)

	// IsLook tells a request for what is known of an object. nil: HEAD.
	IsLook func(r *http.Request) bool

	// RangeField is the field of a request that has its range; "": Range.
	RangeField string

	// NoSuffix says that the store can't be asked for the last bytes.
	NoSuffix bool
}

func (f *Fake) isLook(r *http.Request) bool {
	if f.IsLook == nil {
		return r.Method == http.MethodHead
	}
	return f.IsLook(r)
}

// rangeOf returns the range that is asked for; "" for the whole.
func (f *Fake) rangeOf(r *http.Request) string {
	if f.RangeField == "" {
		return r.Header.Get("Range")
	}
	return r.Header.Get(f.RangeField)
}

// serve answers as the store does that has an object.
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

// file is the file "a" of a storage with these answers.
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

// openRange asks the file itself, so that nothing else is tried where it can't.
func openRange(ctx context.Context, file downloadview.File, offset, length int64) (fs.File, error) {
	r, ok := downloadview.Find[downloadview.RangeFile](file)
	if !ok {
		return nil, errors.New("the file has no OpenRange")
	}
	return r.OpenRange(ctx, offset, length)
}

// closed closes what has been opened.
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
