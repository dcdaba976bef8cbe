package remote

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Options are the settings of a Storage or File. nil and the zero value are
// good defaults.
type Options struct {
	// Client sends the requests. It is used as it is. Its transport decides
	// where it may connect, so this package guards nothing (see
	// [GuardedTransport]). Its cookie jar, if any, keeps cookies of the origin
	// and sends them with the requests of all users. Its Timeout cuts off slow
	// downloads. Only its CheckRedirect is ignored: see Redirect.
	//
	// nil is a client with a guarded transport, made from the fields below, and
	// without cookies.
	Client *http.Client

	// Allow lists addresses and ports that are allowed in addition to public
	// ones. It can't be combined with Client.
	Allow Allow

	// ConnectTimeout limits how long connecting may take, and after it how long
	// the TLS handshake may take. HeaderTimeout limits how long the header of
	// the answer may take after that. Only the context limits reading a body. 0
	// is ten and thirty seconds; a negative duration is no limit. They can't be
	// combined with Client.
	ConnectTimeout time.Duration
	HeaderTimeout  time.Duration

	// Header is sent to the origin with every request; it may have
	// Authorization, for example. It is not sent to the target of a redirect to
	// another origin. Accept-Encoding, Host and Range are always set by this
	// package.
	Header http.Header

	// Redirect reports whether a redirect from one URL to another is followed;
	// nil is [SameHost]. It must not change the URLs. At most ten redirects are
	// followed, and only to HTTP and HTTPS URLs.
	Redirect func(from, to *url.URL) bool

	// Logger gets a line (Warn) when the origin denies access to a file that is
	// read, because the caller then gets the error for a missing file. The line
	// has the URL without userinfo and query. nil is [slog.Default].
	Logger *slog.Logger
}

const (
	connectTimeout = 10 * time.Second
	headerTimeout  = 30 * time.Second
)

// guarded reports whether o has settings for the transport that is made here.
func (o *Options) guarded() bool {
	return len(o.Allow.Prefixes)+len(o.Allow.Ports) > 0 || o.ConnectTimeout != 0 || o.HeaderTimeout != 0
}

// An origin is the server that gets the requests, and how they are sent.
type origin struct {
	client   http.Client
	header   http.Header
	redirect func(from, to *url.URL) bool
	logger   *slog.Logger
}

func newOrigin(o *Options) (*origin, error) {
	if o == nil {
		o = &Options{}
	}
	made := &origin{header: o.Header.Clone(), redirect: o.Redirect, logger: o.Logger}
	if made.redirect == nil {
		made.redirect = SameHost
	}
	switch {
	case o.Client == nil:
		t, err := GuardedTransport(o)
		if err != nil {
			return nil, err
		}
		made.client.Transport = t
	case o.guarded():
		return nil, errors.New("Allow, ConnectTimeout and HeaderTimeout don't apply to a Client of your own;" +
			" make its transport with GuardedTransport and these options, and leave them out here")
	default:
		made.client = *o.Client
	}
	made.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return made, nil
}
