package downloadview

import (
	"errors"
	"fmt"
	"net"
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

// Some wrappers have every optional method, and panic in it if the writer inside lacks it:
// those of gin in Hijack and CloseNotify, those of echo in Flush. hijack, closeNotify and flush
// take such a panic for a method that isn't there.

func hijack(w http.Hijacker) (conn net.Conn, err error) {
	defer lacks(&err)
	conn, _, err = w.Hijack()
	return conn, err
}

type closeNotifier interface{ CloseNotify() <-chan bool }

func closeNotify(w closeNotifier) (closed <-chan bool) {
	defer lacks(new(error))
	return w.CloseNotify()
}

func flush(w http.ResponseWriter) (err error) {
	defer lacks(&err)
	return http.NewResponseController(w).Flush()
}

// lacks is deferred.
func lacks(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v: %w", v, errors.ErrUnsupported)
	}
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
