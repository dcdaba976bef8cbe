package natskv

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Connect connects to the servers of a URL, or of several with commas between:
// nats://[USER:PASSWORD@]HOST[:PORT] or nats://TOKEN@HOST, or tls:// in place of nats://.
// If none answers, it goes on trying in the background. An error of Connect and of the
// Bucket has no user, password and token in it.
//
// The caller closes the Bucket.
func Connect(rawURLs string, o Options) (*Bucket, error) {
	for rawURL := range strings.SplitSeq(rawURLs, ",") {
		u, err := url.Parse(strings.TrimSpace(rawURL))
		if err != nil { // its text has parts of the URL
			return nil, errors.New(o.Caller + ": this is not a URL; want one such as nats://HOST:PORT")
		}
		if u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return nil, fmt.Errorf("%s: %s://%s is not a URL of NATS; want nats://HOST:PORT or tls://HOST:PORT", o.Caller, u.Scheme, u.Host)
		}
	}
	nc, err := nats.Connect(rawURLs, nats.Name("downloadview"), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond))
	if err != nil {
		return nil, errors.New(o.Caller + ": the URL can't be used for NATS")
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("%s: %w", o.Caller, err)
	}
	b, err := New(js, o)
	if err != nil {
		nc.Close()
		return nil, err
	}
	b.close = nc.Close
	return b, nil
}
