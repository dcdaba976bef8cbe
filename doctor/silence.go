package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"syscall"
)

// silence says why nobody answers, by the error of asking.
func silence(err error, change string) finding {
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var name *net.DNSError
	switch {
	case errors.As(err, &authority):
		return finding{
			"this machine trusts no authority that has signed the server's certificate: it is self-signed, or signed by an authority of your own",
			"give the doctor the certificate, or that of its authority: --ca-file FILE (Setup.Client)",
		}
	case errors.As(err, &host):
		return finding{"the server's certificate is for other names than that of the URL", "the URL, or the server's certificate (nginx: `ssl_certificate` of the server with this server_name)"}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return finding{"the server's certificate has expired, is not valid yet, or this machine's clock is wrong", "renew the certificate and have the server read it again; the clock"}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return finding{"what listens there speaks no TLS", "an http:// URL, or TLS in the server (nginx: `listen … ssl`)"}
	case errors.As(err, &name):
		return finding{"this machine finds no address for the name of the host", "the URL, or the names that this machine can resolve"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{"nothing listens there: the connection is refused", change}
	case errors.Is(err, fs.ErrPermission):
		return finding{"this user may not connect there", change}
	}
	return finding{"nothing listens there, or it speaks another protocol", change}
}

// silentSocket says why nobody answers at a socket.
func silentSocket(path string, err error) finding {
	switch {
	case errors.Is(err, fs.ErrPermission):
		f := finding{"this user may not connect to the socket " + path, "run the doctor as a user who may, such as the proxy's; or the socket's mode and group (serve --listen 'unix:" + path + "?mode=0660&group=GROUP')"}
		if why := closedSocket(path); why != "" {
			f.cause += ": " + why
		}
		return f
	case errors.Is(err, fs.ErrNotExist):
		return finding{"there is no socket " + path, "start the application, or the path of its --listen"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{"nothing listens at the socket " + path + ", which a server that has gone left there", "start the application"}
	}
	return silence(err, "the application's --listen, or the path given for it")
}
