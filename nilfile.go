package downloadview

import (
	"context"
	"fmt"
	"io/fs"
	"reflect"
)

// isNothing reports whether v is nil, or is a nil pointer or a nil function.
func isNothing(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func:
		return r.IsNil()
	}
	return false
}

// nothingIn returns the first of f and the files inside it that is a nil
// pointer or a nil function.
func nothingIn(f File) (File, bool) {
	for f != nil {
		if isNothing(f) {
			return f, true
		}
		u, ok := f.(interface{ Unwrap() File })
		if !ok {
			break
		}
		f = u.Unwrap()
	}
	return nil, false
}

// fileOf returns the file of s called key. If s returns neither a file nor an error, that is
// an error.
func fileOf(s Storage, key string) (File, error) {
	f, err := s.File(key)
	if err == nil && isNothing(f) {
		err = fmt.Errorf("%T returned neither a file nor an error for %q", s, key)
	}
	return f, err
}

// openFile opens f. If f returns neither a handle nor an error, that is an
// error.
func openFile(ctx context.Context, f File) (fs.File, error) {
	h, err := f.Open(ctx)
	return opened(f, h, err)
}

// openAndLook opens f and returns the metadata of the handle, by the method
// OpenStat if f has it (see [File]).
func openAndLook(ctx context.Context, f File) (fs.File, fs.FileInfo, error) {
	looks, ok := f.(openStater)
	if !ok {
		h, err := openFile(ctx, f)
		return looked(h, err)
	}
	h, fi, err := looks.OpenStat(ctx)
	if h, err = opened(f, h, err); err != nil {
		return nil, nil, err
	}
	if fi, err = known(h, fi, nil); err != nil {
		h.Close()
		return nil, nil, err
	}
	return h, fi, nil
}

type openStater interface {
	OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error)
}

// openPart opens a part of f in the same way.
func openPart(ctx context.Context, f RangeFile, offset, length int64) (fs.File, error) {
	h, err := f.OpenRange(ctx, offset, length)
	return opened(f, h, err)
}

func opened(f File, h fs.File, err error) (fs.File, error) {
	if err == nil && isNothing(h) {
		return nil, fmt.Errorf("%T returned neither a handle nor an error for %q", f, f.Name())
	}
	return h, err
}

// statOf returns the metadata of a handle. If h returns neither metadata nor an
// error, that is an error.
func statOf(h fs.File) (fs.FileInfo, error) {
	fi, err := h.Stat()
	return known(h, fi, err)
}

// known returns what Stat of from, a file or a handle, has returned.
func known(from any, fi fs.FileInfo, err error) (fs.FileInfo, error) {
	if err == nil && isNothing(fi) {
		return nil, fmt.Errorf("the Stat of %T returned neither metadata nor an error", from)
	}
	return fi, err
}
