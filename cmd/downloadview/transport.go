package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/downloadview/downloadview/internal/bucket"
)

// idle is how many connections to a store are kept for the next downloads.
const idle = 128

// newTransport returns a transport. Connecting may take as long as connect, and then
// the TLS handshake as long again. It speaks HTTP/1.1, so that each download has its own
// connection: with HTTP/2, downloads would share one, and a stalled download could stall
// the others. It doesn't limit how long an answer takes.
func newTransport(connect time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		TLSHandshakeTimeout: connect,
		MaxIdleConns:        idle,
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true, // objects arrive as they are stored
		ReadBufferSize:      64 << 10,
	}
}

// A link is a transport that doesn't report a timeout of connecting as a timeout. A
// timeout means that the store was reached, but doesn't answer. Of the page of an error,
// there is only the beginning.
type link struct{ *http.Transport }

func (l link) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(r)
	if err != nil {
		return nil, lasting(r.Context(), err)
	}
	bucket.ShortenPage(resp)
	return resp, nil
}

// lasting returns err as an error that isn't a timeout, if it is one: at this level it
// means that a server can't be reached. If ctx is done, it returns err as it is.
func lasting(ctx context.Context, err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() && ctx.Err() == nil {
		return &unreachable{err.Error()}
	}
	return err
}

// unreachable has the text of an error that was a timeout, and isn't one itself.
type unreachable struct{ text string }

func (e *unreachable) Error() string { return e.text }
