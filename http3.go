package downloadview

import (
	"net/http"
	"reflect"
	"time"
)

// internalError is H3_INTERNAL_ERROR (RFC 9114, 8.1).
const internalError = 0x102

// resetStream resets a stream of HTTP/3, and reports whether it could. That is possible if w
// is, or wraps, a writer of github.com/quic-go/quic-go/http3. Its method HTTPStream takes the
// stream from the server, which would end it normally when a recoverer returns. It has a type
// of that package, so it is found by its name.
func resetStream(w http.ResponseWriter) bool {
	for ; w != nil; w = below(w) {
		take := reflect.ValueOf(w).MethodByName("HTTPStream")
		if !take.IsValid() || take.Type().NumIn() != 0 || take.Type().NumOut() != 1 {
			continue
		}
		setWriteDeadline(w, time.Unix(1, 0)) // taking flushes, and the client may not be reading
		stream := take.Call(nil)[0]
		if stream.Kind() == reflect.Pointer && stream.IsNil() {
			return false
		}
		cancelled := cancelStream(stream.MethodByName("CancelWrite"))
		return cancelStream(stream.MethodByName("CancelRead")) && cancelled
	}
	return false
}

// writeHeaderAlone sends the header of an answer without a body, such as a HEAD or a 304. A
// server of HTTP/3 (quic-go) would add Content-Length: 0 at the end of the handler if the
// length isn't known.
func (x *exchange) writeHeaderAlone(status int) {
	x.w.WriteHeader(status)
	if x.r.ProtoMajor > 2 && len(x.w.Header()["Content-Length"]) == 0 {
		_ = flush(x.w)
	}
}

// cancelStream calls a method whose argument is an error code.
func cancelStream(cancel reflect.Value) bool {
	if !cancel.IsValid() || cancel.Type().NumIn() != 1 || cancel.Type().In(0).Kind() != reflect.Uint64 {
		return false
	}
	cancel.Call([]reflect.Value{reflect.ValueOf(uint64(internalError)).Convert(cancel.Type().In(0))})
	return true
}
