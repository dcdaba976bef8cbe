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

// ErrAddress says that a URL, or a redirect, leads to an address or a port
// that is not allowed. It comes with [downloadview.ErrUpstream].
var ErrAddress = errors.New("address is not allowed")

// Allow opens addresses and ports for the guard. The zero value is the public
// Internet, ports 80 and 443.
type Allow struct {
	// Prefixes are addresses beside the public ones, such as 10.1.0.0/16 or
	// 127.0.0.1/32. It is the address that counts, not the name it came from.
	Prefixes []netip.Prefix

	// Ports are allowed beside 80 and 443, for all addresses that are.
	Ports []uint16
}

// azureHost is where Azure's machines reach the host that they run on, for DHCP,
// DNS and the agent that gives out certificates and settings. It is a public
// address to all others.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// control returns what a [net.Dialer] asks before it connects.
func (a Allow) control() (func(network, address string, c syscall.RawConn) error, error) {
	var v4, v6 []netip.Prefix
	for _, p := range a.Prefixes {
		switch {
		case !p.IsValid(), p.Addr().Is4In6():
			return nil, fmt.Errorf("allowed prefix %v is none; want one such as 10.1.0.0/16 or fd00:1::/32", p)
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

// GuardedTransport returns the transport that a Storage makes for itself of
// Allow and the timeouts of o, for a Client of one's own: with tracing around
// it, or certificates. nil is fine. It may be changed before it is used; but
// its DialContext is the guard, DialTLSContext and Proxy would go around it,
// and DisableCompression keeps bytes as they are stored.
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
		ForceAttemptHTTP2:      true, // not by itself where there is a DialContext
	}, nil
}

// limit returns a timeout in the sense of net and net/http, where 0 is none.
func limit(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}
