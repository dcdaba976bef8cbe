package downloadview

import (
	"net/http"
	"reflect"
	"time"
)

// below returns the writer that w wraps, or nil if none is found. Use the result
// only to control the connection, not to write. Many wrappers have no Unwrap
// method, but nearly all embed the writer that they wrap.
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

// setWriteDeadline sets the deadline for writes to the connection. It reports
// whether it could.
func setWriteDeadline(w http.ResponseWriter, t time.Time) bool {
	for ; w != nil; w = below(w) {
		if d, ok := w.(interface{ SetWriteDeadline(time.Time) error }); ok {
			return d.SetWriteDeadline(t) == nil
		}
	}
	return false
}

// setReadDeadline is like setWriteDeadline, but for reads.
func setReadDeadline(w http.ResponseWriter, t time.Time) bool {
	for ; w != nil; w = below(w) {
		if d, ok := w.(interface{ SetReadDeadline(time.Time) error }); ok {
			return d.SetReadDeadline(t) == nil
		}
	}
	return false
}
