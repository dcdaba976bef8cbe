package doctor

import (
	"context"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

const (
	witnessField = "X-Downloadview-Doctor"
	closes       = " close"
	handed       = " hands over"
)

// Witness returns a handler that lets the doctor see, through the proxy, how the
// request reached the application. If a request has the field X-Downloadview-Doctor,
// which the doctor sends, next's answer gets a field of that name. Its value is the
// HTTP version of the request, then "close" if the connection closes after the
// answer, and "hands over" if the file is handed over. Other requests pass unchanged.
func Witness(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header[witnessField]) > 0 {
			seen := r.Proto
			if r.Close {
				seen += closes
			}
			w.Header().Set(witnessField, seen)
			defer func() { // still in time: a hand-over writes no body
				if field, _ := (answer{header: w.Header()}).handsOver(); field != "" {
					w.Header().Set(witnessField, seen+handed)
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// checkConnection checks the proxy's connections to the application, by a [Witness].
func (e *exam) checkConnection(ctx context.Context) {
	const name = "proxy-connection"
	ev := evidence{proxy: e.proxy}
	for _, key := range []string{e.folder + missingName, e.folder + "/" + missingName, e.plain.key} {
		seen := e.get(ctx, key, witnessField, "1").header.Get(witnessField)
		seen = strings.TrimSuffix(seen, handed)
		switch {
		case seen == "":
			continue
		case ev.proxy.NewConnections && strings.HasPrefix(seen, "HTTP/1.1"):
			e.ok(name, "%s: %s keeps no connections", seen, ev.proxy.Title)
		case strings.HasPrefix(seen, "HTTP/1.0") || strings.HasSuffix(seen, closes):
			e.warn(name, ev.of(room.NoKeepalive), "%s: a new connection to the application for each request", seen)
		default:
			e.ok(name, "%s", seen)
		}
		return
	}
	e.skip(name, "the application has no doctor.Witness, or hands over every request")
}
