package command

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/downloadview/downloadview"
)

// accessLog writes one line for each request. Queries and referrers are never
// in it: they carry secrets.
type accessLog struct{ logger *slog.Logger }

// observe is a [downloadview.Observer].
func (l *accessLog) observe(r *http.Request, o downloadview.Outcome) {
	line := make([]slog.Attr, 0, 9)
	line = append(line,
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", o.Status),
		slog.Int64("bytes", o.Bytes),
		slog.Duration("duration", o.Duration),
		slog.String("mode", o.Mode.String()),
	)
	if o.Rule != "" {
		line = append(line, slog.String("rule", o.Rule))
	}
	line = append(line, slog.String("remote", remoteHost(r)))
	if o.AbortedBy != downloadview.Nobody {
		line = append(line, slog.String("aborted_by", o.AbortedBy.String()))
	}
	l.logger.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "request", line...)
}

// wrap logs what serve writes, for answers that no Observer sees.
func (l *accessLog) wrap(serve func(w http.ResponseWriter, r *http.Request) downloadview.Party) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &countedWriter{ResponseWriter: w}
		party := serve(c, r)
		l.observe(r, downloadview.Outcome{
			Status:    c.status,
			Bytes:     c.bytes,
			Duration:  time.Since(start),
			AbortedBy: party,
		})
	})
}

// remoteHost is the address of the peer without its port. A peer on a unix
// socket has no address.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "unix"
	}
	return host
}

// A countedWriter remembers what was written. Who writes to it begins with
// WriteHeader.
type countedWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *countedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}
