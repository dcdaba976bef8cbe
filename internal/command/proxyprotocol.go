package command

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/downloadview/downloadview/middleware"
)

// A proxiedListener takes the clients' addresses from the PROXY protocol, with which
// trusted proxies begin a connection. Without it, their connections are cut off: a proxy
// that passes on what clients send would pass on a header of theirs, too. What begins
// the connections of other peers is HTTP, and such a header is no request.
type proxiedListener struct {
	net.Listener
	clients *middleware.Clients
	timeout time.Duration // for the header to arrive
	logger  *slog.Logger
	warned  sync.Once
}

// Accept does not wait for the header.
func (l *proxiedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !l.clients.IsProxy(c.RemoteAddr()) {
		return c, err
	}
	return &proxiedConn{
		Conn:     proxyproto.NewConn(c, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(l.timeout)),
		listener: l,
	}, nil
}

// A proxiedConn is a connection with the address of the client.
type proxiedConn struct {
	*proxyproto.Conn
	listener *proxiedListener
}

// unproxied returns the connection below if c is a proxiedConn, which adds nothing to what
// is written, else c.
func unproxied(c net.Conn) net.Conn {
	if p, ok := c.(*proxiedConn); ok {
		return p.Raw()
	}
	return c
}

// Read reads what follows the header.
func (c *proxiedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && errors.Is(err, proxyproto.ErrNoProxyProtocol) {
		c.listener.warned.Do(func() { // once, since some proxies connect all the time to see whether the server runs
			c.listener.logger.Warn("a trusted proxy connected without a header of the PROXY protocol; such connections are closed, and only this one is logged", "proxy", c.Raw().RemoteAddr().String())
		})
	}
	return n, err
}

// noAddress is the address of clients that the proxy names no IP address for. It isn't the
// proxy's, whose X-Forwarded-For would be believed.
var noAddress = &net.TCPAddr{IP: net.IPv4zero}

// RemoteAddr returns the address of the client; that of the proxy if the connection is
// the proxy's own, for example to see whether the server works.
func (c *proxiedConn) RemoteAddr() net.Addr {
	h := c.ProxyHeader()
	if h == nil || h.Version == 2 && h.Command.IsLocal() { // version 1 has no word for it, only UNKNOWN for all
		return c.Raw().RemoteAddr()
	}
	if a, ok := h.SourceAddr.(*net.TCPAddr); ok {
		return a
	}
	return noAddress
}

// NetConn returns the connection of the system, so that an aborted download can reset it.
func (c *proxiedConn) NetConn() net.Conn {
	raw := c.Raw()
	if below, ok := raw.(interface{ NetConn() net.Conn }); ok {
		return below.NetConn()
	}
	return raw
}

// CloseWrite is called by net/http before it closes a connection.
func (c *proxiedConn) CloseWrite() error {
	if w, ok := c.Raw().(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *proxiedConn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Raw().(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
