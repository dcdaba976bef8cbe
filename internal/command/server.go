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
	"sync"
	"syscall"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// A server is an http.Server that knows how to end.
type server struct {
	http     *http.Server
	fresh    freshConns
	handlers sync.WaitGroup          // those that run
	stopping chan struct{}           // closed when the listener and what is idle are
	end      context.CancelCauseFunc // of the requests' contexts
	logger   *slog.Logger
}

func newServer(h http.Handler, logger *slog.Logger) *server {
	s := &server{stopping: make(chan struct{}), logger: logger}
	var base context.Context
	base, s.end = context.WithCancelCause(context.Background())
	s.http = &http.Server{
		BaseContext: func(net.Listener) context.Context { return base },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.handlers.Add(1)
			defer s.handlers.Done()
			h.ServeHTTP(w, r)
		}),
		// No WriteTimeout: a slow download is not a fault.
		ReadHeaderTimeout:            10 * time.Second,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               64 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" gets the same 405 as any other
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ConnState:                    s.fresh.track,
	}
	s.http.RegisterOnShutdown(func() { // the listener is closed by then
		s.fresh.closeAll()
		logger.Info("stopping")
		close(s.stopping)
	})
	return s
}

// limit puts the limits that l has in place of the usual ones.
func (s *server) limit(l *config.Limits) {
	s.http.ReadHeaderTimeout = cmp.Or(l.Header, s.http.ReadHeaderTimeout)
	s.http.MaxHeaderBytes = cmp.Or(int(l.HeaderSize), s.http.MaxHeaderBytes)
	s.http.IdleTimeout = cmp.Or(l.Idle, s.http.IdleTimeout)
	s.http.Handler = downloadview.EndStalledBodies(l.Stall)(s.http.Handler)
}

// run serves at ln, which it closes, until ctx is done or a signal comes. What
// is in flight then may go on for as long as grace, or until the next signal.
// ready is called when connections are accepted and signals are heard. A server
// runs once.
func (s *server) run(ctx context.Context, ln net.Listener, grace time.Duration, ready func()) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	defer ln.Close() // Serve may not come to it
	ready()
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	case <-signals:
	}

	again, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-again.Done():
		}
	}()
	patience, done := context.WithTimeout(again, grace)
	defer done()
	err := s.http.Shutdown(patience)
	<-s.stopping
	if err != nil {
		s.cut(again)
	}
	return nil
}

// endedBy returns the party that ended the context of r: the server that stops, or
// else the client.
func endedBy(r *http.Request) downloadview.AbortedBy {
	if errors.Is(context.Cause(r.Context()), downloadview.ErrShutdown) {
		return downloadview.AbortedByShutdown
	}
	return downloadview.AbortedByClient
}

// cut breaks the connections that are left. First the handlers have a moment to
// break off by themselves, so that nobody takes what it has for the whole; those
// that wait for a client don't notice. Then they have another to say so in the log.
// Neither is waited for when there is no patience left.
func (s *server) cut(patience context.Context) {
	s.logger.Warn("downloads in flight are cut")
	quiet := make(chan struct{})
	go func() {
		s.handlers.Wait()
		close(quiet)
	}()
	s.end(downloadview.ErrShutdown)
	await(patience, quiet, 100*time.Millisecond)
	s.http.Close()
	await(patience, quiet, time.Second)
}

// await waits for done, no longer than d.
func await(patience context.Context, done <-chan struct{}, d time.Duration) {
	select {
	case <-done:
	case <-patience.Done():
	case <-time.After(d):
	}
}
