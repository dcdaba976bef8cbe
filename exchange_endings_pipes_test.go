package downloadview

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// pipes is a network in memory for tests with virtual time. Unlike those of net.Pipe,
// its connections can be reset.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return pipeAddr{} }

func (l *pipes) dial() (net.Conn, error) {
	ours, theirs := net.Pipe()
	reset := make(chan struct{})
	select {
	case l.conns <- &pipeEnd{Conn: theirs, resets: reset}:
		return &pipeEnd{Conn: ours, reset: reset}, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "127.0.0.1:1" }

// A pipeEnd is one end of a connection.
type pipeEnd struct {
	net.Conn
	once   sync.Once
	resets chan struct{} // closed by SetLinger(0)
	reset  chan struct{} // closed by that of the other end
}

func (p *pipeEnd) SetLinger(int) error {
	p.once.Do(func() { close(p.resets) })
	return nil
}

func (p *pipeEnd) LocalAddr() net.Addr  { return pipeAddr{} }
func (p *pipeEnd) RemoteAddr() net.Addr { return pipeAddr{} }

func (p *pipeEnd) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err == io.EOF && p.reset != nil {
		select {
		case <-p.reset:
			err = syscall.ECONNRESET
		default:
		}
	}
	return n, err
}

// readOld reads an HTTP/1.0 answer.
func (e ending) readOld(c net.Conn) received {
	if e.pause > 0 {
		time.Sleep(e.pause)
	}
	b := bufio.NewReader(c)
	resp, err := http.ReadResponse(b, nil)
	if err != nil {
		return received{err: err}
	}
	defer resp.Body.Close()
	return e.read(resp.StatusCode, resp.Header, resp.Body)
}

// unpacked returns the body without the coding of the compressor.
func unpacked(resp *http.Response, body []byte) []byte {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return []byte(err.Error())
	}
	all, err := io.ReadAll(z)
	if err != nil {
		return []byte(err.Error())
	}
	return all
}
