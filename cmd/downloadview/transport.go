package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// idle is how many connections to a store are kept for the next downloads.
const idle = 128

// newTransport returns a transport whose connections stand within so much time.
// It speaks HTTP/1.1: each download has a connection of its own, which HTTP/2
// would share along with its stalls. How long an answer may take is not its
// affair.
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

// A link is a transport that calls a store it can't reach just that. What is
// silent is one that was reached.
type link struct{ *http.Transport }

func (l link) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(r)
	if err != nil {
		return nil, lasting(r.Context(), err)
	}
	return resp, nil
}

// lasting is err without its being a timeout, unless ctx has ended: nobody else
// waits for an answer.
func lasting(ctx context.Context, err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() && ctx.Err() == nil {
		return &unreachable{err.Error()}
	}
	return err
}

// unreachable is an error that is no timeout any more.
type unreachable struct{ text string }

func (e *unreachable) Error() string { return e.text }
