package downloadview

import (
	"net/http"
	"reflect"
	"time"
)

// below returns the writer that w wraps, to control the connection and not to
// write to; nil where there is none or it can't be found. Many wrappers have no
// Unwrap, but nearly all embed what they wrap.
func below(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return u.Unwrap()
	}
	v := reflect.Indirect(reflect.ValueOf(w))
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); !f.Anonymous || !f.IsExported() {
			continue
		}
		if inner, ok := v.Field(i).Interface().(http.ResponseWriter); ok {
			return inner
		}
	}
	return nil
}

// setWriteDeadline sets the deadline of writing to the connection; false where
// that is out of reach.
func setWriteDeadline(w http.ResponseWriter, t time.Time) bool {
	for ; w != nil; w = below(w) {
		if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
			return d.SetWriteDeadline(t) == nil
		}
	}
	return false
}

// setReadDeadline is setWriteDeadline for reading.
func setReadDeadline(w http.ResponseWriter, t time.Time) bool {
	for ; w != nil; w = below(w) {
		if d, ok := w.(interface{ SetReadDeadline(time.Time) error }); ok {
			return d.SetReadDeadline(t) == nil
		}
	}
	return false
}
