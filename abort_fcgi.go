package downloadview

import (
	"net"
	"net/http"
	"reflect"
	"time"
	"unsafe"
)

// breakFastCGI breaks the connection to the web server that w of net/http/fcgi
// writes to. That package has no way to end an answer but in good order, and a
// web server that isn't told of the end waits for it. Where the writer is out of
// reach, or is not what it is known to be, nothing is done.
func breakFastCGI(w http.ResponseWriter) {
	for ; w != nil; w = below(w) {
		v := reflect.ValueOf(w)
		if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && v.Type().Elem().PkgPath() == "net/http/fcgi" {
			if conn, ok := fastCGIConn(v.Elem()); ok {
				time.Sleep(forwarding) // lighttpd is the same here
				// nginx takes the end of a unix socket for that of the answer, but
				// not after what is no record: the version of those is 1.
				_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
				_, _ = conn.Write([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
				closeHard(conn)
			}
			return
		}
	}
}

// fastCGIConn follows response.w (a *bufWriter), its closer (a *streamWriter), and
// that one's c (a *conn) to rwc.
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
