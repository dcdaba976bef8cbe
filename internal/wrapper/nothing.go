package wrapper

import (
	"context"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/downloadview/downloadview"
)

// IsNothing reports whether v is nil, or holds a nil pointer or function.
func IsNothing(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func:
		return r.IsNil()
	}
	return false
}

// Open opens f. It is an error if f returns neither a handle nor an error.
func Open(ctx context.Context, f downloadview.File) (fs.File, error) {
	h, err := f.Open(ctx)
	if err == nil && IsNothing(h) {
		return nil, fmt.Errorf("%T returned neither a handle nor an error for %q", f, f.Name())
	}
	return h, err
}

// Stat returns the metadata of a handle. It is an error if the handle returns
// neither metadata nor an error.
func Stat(h fs.File) (fs.FileInfo, error) {
	fi, err := h.Stat()
	if err == nil && IsNothing(fi) {
		return nil, fmt.Errorf("the Stat of %T returned neither metadata nor an error", h)
	}
	return fi, err
}
