package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// silence says why a server doesn't answer, by the error of the request.
func silence(a answer, change string) finding {
	err := a.err
	var op *net.OpError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var name *net.DNSError
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return finding{
			"the HTTP proxy that the doctor's environment names for this URL doesn't answer",
			"correct HTTP_PROXY or HTTPS_PROXY, or name the host of the URL in NO_PROXY",
		}
	case errors.As(err, &authority):
		return finding{
			"this machine doesn't trust the authority that signed the server's certificate: it is self-signed, or signed by a private authority",
			"give the doctor the certificate, or that of its authority: --ca-file FILE (Setup.Client)",
		}
	case errors.As(err, &host):
		return finding{"the server's certificate is not for the host of the URL", "correct the URL, or the server's certificate (nginx: `ssl_certificate` of the server with this server_name)"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return finding{"the server's certificate has expired, is not valid yet, or this machine's clock is wrong", "renew the certificate and reload the server; or correct the clock"}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return finding{"the server doesn't use TLS on this port", "use a URL that begins with http://, or switch TLS on in the server (nginx: `listen … ssl`)"}
	case errors.As(err, &name):
		return finding{"this machine can't resolve the name of the host", "correct the URL, or the name resolution of this machine"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{"nothing listens there: the connection is refused", change}
	case errors.Is(err, fs.ErrPermission):
		return finding{"the user that runs the doctor has no right to connect there", change}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return finding{"this machine has no route to that address", "correct the URL, or the network of this machine; if the name of the host has an address of IPv6 alone, this machine needs IPv6"}
	case isTimeout(err) && a.connected:
		return finding{"the server accepts the connection, but doesn't answer in time", "look into the log of the server: it may wait for another server, such as the application or a store, or for a disk"}
	case isTimeout(err):
		return finding{"nothing answers there: the host is down, or a firewall drops the connection", change}
	case errors.As(err, &op) && op.Op == "remote error":
		return finding{"the server refuses the connection of TLS: " + op.Err.Error(), "look into the log of the server; if it wants a certificate of its clients, Setup.Client can have one"}
	case a.connected:
		return finding{"the server closes the connection without an answer, or speaks another protocol, such as TLS or the PROXY protocol", change}
	}
	return finding{"nothing listens there, or it speaks another protocol", change}
}

// between says that an answer of to may be that of an HTTP proxy between to and the doctor, such
// as its environment names. ok is false if there is none, or if the answer is to's own. What
// comes from TLS is always that.
func (e *exam) between(to *url.URL, a answer) (f finding, ok bool) {
	t, known := e.client.Transport.(*http.Transport)
	if !known || t.Proxy == nil || to.Scheme != "http" || to == e.app && e.socket != "" || a.isWitnessed() {
		return f, false
	}
	if !room.IsGateway(a.status) && a.status != http.StatusForbidden && a.status != http.StatusProxyAuthRequired {
		return f, false
	}
	via, err := t.Proxy(&http.Request{URL: to})
	if err != nil || via == nil {
		return f, false
	}
	return finding{
		"the answer may be that of the HTTP proxy " + via.Host + ", through which the doctor asks " + to.Host,
		"name " + to.Hostname() + " in the variable NO_PROXY of the doctor's environment",
	}, true
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// silentSocket says why a server on a socket doesn't answer.
func silentSocket(path string, a answer) finding {
	switch err := a.err; {
	case errors.Is(err, fs.ErrPermission):
		f := finding{"the user that runs the doctor has no right to connect to the socket " + path, "run the doctor as a user with that right, such as the proxy's; or change the socket's mode and group (serve --listen 'unix:" + path + "?mode=0660&group=GROUP')"}
		if why := closedSocket(path); why != "" {
			f.cause += ": " + why
		}
		return f
	case errors.Is(err, fs.ErrNotExist):
		return finding{"there is no socket " + path, "start the application, or correct the path of its --listen"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{"nothing listens on the socket " + path + ": the server that created it has ended", "start the application"}
	}
	return silence(a, "correct the application's --listen, or the path given to the doctor")
}
