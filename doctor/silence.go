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

// silence says why a server doesn't answer, by the error of the request.
func silence(err error, change string) finding {
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var name *net.DNSError
	switch {
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
	}
	return finding{"nothing listens there, or it speaks another protocol", change}
}

// silentSocket says why a server on a socket doesn't answer.
func silentSocket(path string, err error) finding {
	switch {
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
	return silence(err, "correct the application's --listen, or the path given to the doctor")
}
