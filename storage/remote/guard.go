package remote

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// ErrAddress is the error if a URL, or a redirect, leads to an address or a
// port that is not allowed. Such an error is also [downloadview.ErrUpstream].
var ErrAddress = errors.New("address is not allowed")

// Allow lists addresses and ports to which connections are allowed. The zero
// value allows the public Internet, ports 80 and 443.
type Allow struct {
	// Prefixes are allowed in addition to public addresses, such as 10.1.0.0/16
	// or 127.0.0.1/32. The address that a name resolves to is checked, not the
	// name.
	Prefixes []netip.Prefix

	// Ports are allowed in addition to 80 and 443, for all allowed addresses.
	Ports []uint16
}

// azureHost is the address under which machines at Azure reach the host they
// run on, for DHCP, DNS and the agent that provides certificates and settings.
// Elsewhere it is a public address.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// control returns the function that a [net.Dialer] calls before it connects.
func (a Allow) control() (func(network, address string, c syscall.RawConn) error, error) {
	var v4, v6 []netip.Prefix
	for _, p := range a.Prefixes {
		switch {
		case !p.IsValid(), p.Addr().Is4In6():
			return nil, fmt.Errorf("allowed prefix %v is invalid; want one such as 10.1.0.0/16 or fd00:1::/32", p)
		case p.Addr().Is4():
			v4 = append(v4, p)
		default:
			v6 = append(v6, p)
		}
	}
	guardian := ssrf.New(
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
		ssrf.WithDeniedV4Prefixes(azureHost),
		ssrf.WithPorts(append([]uint16{80, 443}, a.Ports...)...),
	)
	return func(network, address string, c syscall.RawConn) error {
		if err := guardian.Safe(network, address, c); err != nil {
			return fmt.Errorf("%w: %w", ErrAddress, err)
		}
		return nil
	}, nil
}

// GuardedTransport returns the transport that a Storage without a Client uses,
// made from Allow and the timeouts of o. Use it to make your own Client, such
// as one with tracing or certificates. nil options are the defaults. You may
// change the transport before you use it, but keep its DialContext, which is
// the guard, and its DisableCompression, which keeps the bytes as they are
// stored. Don't set DialTLSContext or Proxy: they bypass the guard.
func GuardedTransport(o *Options) (*http.Transport, error) {
	if o == nil {
		o = &Options{}
	}
	control, err := o.Allow.control()
	if err != nil {
		return nil, err
	}
	connect := limit(o.ConnectTimeout, connectTimeout)
	dialer := &net.Dialer{Timeout: connect, Control: control}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connect,
		ResponseHeaderTimeout:  limit(o.HeaderTimeout, headerTimeout),
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true, // a DialContext would disable it
	}, nil
}

// limit returns a timeout as net and net/http define it: 0 means no timeout.
func limit(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}
