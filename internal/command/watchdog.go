package command

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A watchdog tells systemd twice in its WatchdogSec that the server lives, as long as the
// server answers a request that the watchdog makes. The request comes to the server as a
// connection of its own, inside the process: it needs no file descriptor, and it doesn't
// wait behind the connections of clients. So a server that is busy isn't restarted.
type watchdog struct {
	listener *probedListener
	interval time.Duration // between two requests
	tls      bool
	notifier *notifier
	logger   *slog.Logger
	draining atomic.Bool
}

// newWatchdog returns the watchdog for a server at ln, or nil if systemd wants none. The
// server has to serve at its listener in place of ln, and needs prepare.
func newWatchdog(ln net.Listener, n *notifier, logger *slog.Logger) *watchdog {
	limit, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		logger.Warn("systemd's watchdog can't be served", "error", err)
	}
	if limit <= 0 {
		return nil
	}
	return &watchdog{listener: newProbedListener(ln), interval: limit / 2, notifier: n, logger: logger}
}

// prepare makes s answer the requests of w.
func (w *watchdog) prepare(s *http.Server) {
	w.tls = s.TLSConfig != nil
	before := s.ConnContext
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if before != nil {
			ctx = before(ctx, c)
		}
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn()
		}
		if _, ok := c.(probeConn); ok {
			return context.WithValue(ctx, probeKey{}, true)
		}
		return ctx
	}
	next := s.Handler
	s.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Context().Value(probeKey{}) != nil {
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

type probeKey struct{}

// start makes requests until stop is called.
func (w *watchdog) start() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(w.interval)
		defer ticks.Stop()
		for {
			w.beat()
			select {
			case <-ticks.C:
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// drain is called when the server begins to stop. It then accepts no connection, and its
// downloads end by themselves.
func (w *watchdog) drain() { w.draining.Store(true) }

func (w *watchdog) beat() {
	if err := w.probe(w.interval); err != nil && !w.draining.Load() {
		w.logger.Error("the server doesn't answer itself, so systemd's watchdog gets no sign of life", "error", err)
		return
	}
	w.notifier.tell(daemon.SdNotifyWatchdog)
}

// probe makes a request, which has to be answered within limit.
func (w *watchdog) probe(limit time.Duration) error {
	ours, theirs := net.Pipe()
	defer ours.Close()
	late := time.Now().Add(limit)
	ours.SetDeadline(late)
	select {
	case w.listener.probes <- probeConn{theirs}:
	case <-w.listener.closed:
		return net.ErrClosed
	case <-time.After(limit):
		return errors.New("it accepts no connections")
	}
	var c io.ReadWriter = ours
	if w.tls {
		c = tls.Client(ours, &tls.Config{InsecureSkipVerify: true}) // it doesn't leave the process
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: watchdog\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	return nil
}

// A probeConn is a connection from a watchdog.
type probeConn struct{ net.Conn }

// A probedListener also accepts the connections of a watchdog.
type probedListener struct {
	net.Listener
	accepting bool // by a goroutine; only Accept uses it
	accepted  chan accepted
	probes    chan net.Conn
	closed    chan struct{}
	once      sync.Once
}

// accepted is what Accept of a listener returned.
type accepted struct {
	conn net.Conn
	err  error
}

func newProbedListener(ln net.Listener) *probedListener {
	return &probedListener{Listener: ln, accepted: make(chan accepted, 1), probes: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept returns a connection of a client or of the watchdog. A client that was accepted
// before the listener was closed is returned, too. Only one goroutine may call it.
func (l *probedListener) Accept() (net.Conn, error) {
	if !l.accepting {
		l.accepting = true
		go func() {
			c, err := l.Listener.Accept()
			l.accepted <- accepted{c, err}
		}()
	}
	select {
	case a := <-l.accepted:
		l.accepting = false
		return a.conn, a.err
	case c := <-l.probes:
		return c, nil
	}
}

func (l *probedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
