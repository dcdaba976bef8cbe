package command

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// A server is an http.Server that shuts down on signals.
type server struct {
	http     *http.Server
	fresh    freshConns
	parking  *downloadview.Parking   // of downloads whose handlers have returned
	stop     func()                  // is called when run begins to stop; nil: nothing
	handlers tally                   // running handlers, and parked downloads
	stopping chan struct{}           // closed after the listener and idle connections
	end      context.CancelCauseFunc // cancels the requests' contexts
	signals  chan os.Signal          // SIGINT and SIGTERM
	logger   *slog.Logger
}

// newServer returns a server with the handler h, in which downloads may be parked.
func newServer(h http.Handler, parking *downloadview.Parking, logger *slog.Logger) *server {
	s := &server{parking: parking, stopping: make(chan struct{}), signals: make(chan os.Signal, 2), logger: logger}
	over := s.handlers.end
	var base context.Context
	base, s.end = context.WithCancelCause(context.Background())
	s.http = &http.Server{
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return s.fresh.with(downloadview.ConnContext(ctx, unproxied(c)), c)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.handlers.begin() // before begun: cut waits after drain
			s.fresh.begun(r)
			defer downloadview.AfterAnswer(r, over)
			h.ServeHTTP(w, r)
		}),
		// No WriteTimeout: a slow download is not a fault.
		ReadHeaderTimeout:            10 * time.Second,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               64 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" gets the same 405 as any other
		ErrorLog:                     httpLog(logger),
		ConnState:                    s.fresh.track,
	}
	return s
}

// limit sets the limits of l; a limit of 0 leaves the default.
func (s *server) limit(l *config.Limits) {
	s.http.ReadHeaderTimeout = cmp.Or(l.Header, s.http.ReadHeaderTimeout)
	s.http.MaxHeaderBytes = cmp.Or(int(l.HeaderSize), s.http.MaxHeaderBytes)
	s.http.IdleTimeout = cmp.Or(l.Idle, s.http.IdleTimeout)
	s.http.Handler = downloadview.EndStalledStreams(l.Stall, l.LeastRate)(downloadview.EndStalledBodies(l.Stall)(s.http.Handler))
}

// run serves at ln, which it closes, until ctx is done, or until SIGINT or SIGTERM.
// Requests that are then in progress may continue for grace, or until the next signal.
// run calls ready when connections are accepted and signals are handled. It can be
// called once.
func (s *server) run(ctx context.Context, ln net.Listener, grace time.Duration, ready func()) error {
	// They are caught until the program ends: by default, one that comes after the
	// downloads would end it before its last lines are written.
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	defer ln.Close() // in case Serve is never reached
	ready()
	served := make(chan error, 1)
	go func() { served <- s.serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	case <-s.signals:
	}

	if s.stop != nil {
		s.stop()
	}
	again, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.signals:
			cancel()
		case <-again.Done():
		}
	}()
	patience, done := context.WithTimeout(again, grace)
	defer done()
	s.leave(patience, ln, served)
	err := s.http.Shutdown(patience)
	if err == nil {
		err = s.parking.Shutdown(patience)
	}
	if err != nil {
		s.cut(again)
	}
	return nil
}

// leave closes the listener and idle connections. Another process may accept clients at
// the same socket, so those that were accepted here have to be answered here: Shutdown,
// which drops what is asked from then on, has to wait for leave.
func (s *server) leave(patience context.Context, ln net.Listener, served <-chan error) {
	ln.Close()
	select {
	case <-served:
	case <-patience.Done():
	}
	s.http.SetKeepAlivesEnabled(false) // answers say "Connection: close"
	s.logger.Info("stopping")
	close(s.stopping)
	s.fresh.drain(patience)
}

// untilSignal returns a context that ends after d, or with the next signal.
func (s *server) untilSignal(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	go func() {
		select {
		case <-s.signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// serve accepts connections at ln: with TLS if its settings are there.
func (s *server) serve(ln net.Listener) error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(ln, "", "") // the certificate is in the settings
	}
	return s.http.Serve(ln)
}

// endedBy returns which side ended the context of r: the server's shutdown, or else the
// client.
func endedBy(r *http.Request) downloadview.AbortedBy {
	if errors.Is(context.Cause(r.Context()), downloadview.ErrShutdown) {
		return downloadview.AbortedByShutdown
	}
	return downloadview.AbortedByClient
}

// cut closes the connections that are left. First it cancels the contexts and gives the
// handlers a moment to abort their answers, so that no client takes a part for the
// whole. Handlers that wait for a client don't notice that; closing the connections
// ends them. Then they have a second to write their lines to the log. If patience is
// done, cut doesn't wait.
func (s *server) cut(patience context.Context) {
	s.logger.Warn("running downloads are cut off")
	quiet := make(chan struct{})
	go func() {
		s.handlers.wait()
		close(quiet)
	}()
	s.end(downloadview.ErrShutdown)
	await(patience, quiet, 100*time.Millisecond)
	s.http.Close()
	s.parking.Close()
	await(patience, quiet, time.Second)
}

// await waits for done, but not longer than d, nor after patience is done.
func await(patience context.Context, done <-chan struct{}, d time.Duration) {
	select {
	case <-done:
	case <-patience.Done():
	case <-time.After(d):
	}
}
