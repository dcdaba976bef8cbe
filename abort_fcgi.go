package downloadview

import (
	"net"
	"net/http"
	"reflect"
	"time"
	"unsafe"
)

// breakFastCGI breaks the connection to the web server if w is, or wraps, a
// writer of net/http/fcgi. That package can only complete an answer, and a web
// server that sees no end waits for one. If the writer can't be found, or doesn't
// have the fields that fastCGIConn expects, breakFastCGI does nothing.
func breakFastCGI(w http.ResponseWriter) {
	for ; w != nil; w = below(w) {
		v := reflect.ValueOf(w)
		if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && v.Type().Elem().PkgPath() == "net/http/fcgi" {
			if conn, ok := fastCGIConn(v.Elem()); ok {
				time.Sleep(forwarding) // for lighttpd, as in abort
				// nginx takes the close of a unix socket for the end of the answer,
				// unless an invalid record came before it. Valid ones begin with 1.
				_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
				_, _ = conn.Write([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
				closeHard(conn)
			}
			return
		}
	}
}

// fastCGIConn returns the connection of a response of net/http/fcgi, by the fields
// w (a *bufWriter), closer (a *streamWriter), c (a *conn) and rwc.
func fastCGIConn(v reflect.Value) (net.Conn, bool) {
	for _, name := range []string{"w", "closer", "c", "rwc"} {
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return nil, false
		}
		f := v.FieldByName(name)
		if !f.IsValid() || !f.CanAddr() {
			return nil, false
		}
		v = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
	}
	if !v.IsValid() {
		return nil, false
	}
	conn, ok := v.Interface().(net.Conn)
	return conn, ok
}
