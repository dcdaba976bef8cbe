package remote

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Options are what a Storage or File has beside its URL. nil and the zero value
// are a good default.
type Options struct {
	// Client sends the requests. It is used as it is, and so is what it brings:
	// its transport decides WHERE IT MAY CONNECT TO, so that nothing is guarded
	// here (see [GuardedTransport]); its cookie jar, if it has one, keeps what
	// the origin sets and sends it on behalf of everybody who downloads; its
	// Timeout cuts slow downloads off. Only its CheckRedirect is not asked:
	// that is Redirect here.
	//
	// nil is a client with a guarded transport, made of the fields below and
	// without cookies.
	Client *http.Client

	// Allow opens addresses and ports beside the public ones. Not with Client.
	Allow Allow

	// ConnectTimeout limits how long connecting takes, and the TLS handshake
	// after it; HeaderTimeout how long the header of the answer takes after
	// that. Reading a body has no limit but the context. 0 is ten and thirty
	// seconds, a negative duration no limit. Not with Client.
	ConnectTimeout time.Duration
	HeaderTimeout  time.Duration

	// Header is sent to the origin with every request, such as Authorization.
	// It is not sent to the target of a redirect to elsewhere. Accept-Encoding,
	// Host and Range are set here.
	Header http.Header

	// Redirect tells whether a redirect from one URL to another is followed;
	// nil is [SameHost]. It must not change the URLs. No more than ten are
	// followed, and none to what is not HTTP.
	Redirect func(from, to *url.URL) bool

	// Logger gets a line (Warn) when the origin denies access to a file that is
	// read, because the error is then that of a missing file. The line has the URL
	// without userinfo and query. nil is [slog.Default].
	Logger *slog.Logger
}

const (
	connectTimeout = 10 * time.Second
	headerTimeout  = 30 * time.Second
)

// guarded tells whether o speaks of the transport that is made here.
func (o *Options) guarded() bool {
	return len(o.Allow.Prefixes)+len(o.Allow.Ports) > 0 || o.ConnectTimeout != 0 || o.HeaderTimeout != 0
}

// An origin is where requests go, and how.
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
		return nil, errors.New("Allow, ConnectTimeout and HeaderTimeout are for the client that is made here;" +
			" with a Client of your own, make its transport with GuardedTransport")
	default:
		made.client = *o.Client
	}
	made.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return made, nil
}
