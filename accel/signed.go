package accel

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// Signed describes the signed URLs ([downloadview.SignedURL]) by which the files of
// a rule are fetched from their store. If no URL can be signed for a file, the file
// is streamed.
//
// The proxy must send GET to the store, whatever the client's method is, and must
// not pass on the client's cookies and authorization; the configuration that
// "downloadview config nginx" prints does both. The entity tag and date of the
// answer are those of the store; the view can't change them. If the application
// doesn't look at the file ([downloadview.Response.CheckFirst]), a type that the
// view doesn't set is guessed from the file's name.
type Signed struct {
	// Expiry is the minimum time for which a URL is valid when it is handed over; 0
	// means 5 minutes. URLs are signed for twice that time and used again for the
	// same file in the meantime, if the file has an identity
	// ([downloadview.Identifier]). URLs are shared whatever credentials signed them:
	// if several storages read one bucket with different credentials, and some
	// may not read all of it, give each storage an accelerator and a proxy cache of
	// its own. Other processes with the same credentials hand over the same URLs, if
	// the storage can set the time of a signature: see [downloadview.SignOptions].
	//
	// If the signing credentials expire sooner, such as those of a role, a URL is
	// valid until they do, but at least for a minute, or for Expiry if that is less.
	// In the minute before they do, files are streamed, unless there are new
	// credentials.
	Expiry time.Duration

	// Redirect is 302 or 307 to send the client itself to the URL, with the name
	// and type of the download; the rule then has no Destination, and the
	// application answers HEAD itself. 0 makes the proxy fetch the file.
	Redirect int

	// Hidden lists the keys of objects' metadata that the proxy's configuration
	// hides from clients, in lower case: "owner" if it hides X-Amz-Meta-Owner. If
	// the application looks at a file that has other metadata, the file is streamed.
	// If it doesn't look, clients see the metadata that the proxy doesn't hide. A
	// redirect ignores Hidden: the client sees all that the store sends.
	Hidden []string

	// Base replaces the scheme and host of every URL, such as
	// "https://cdn.example.com" for a CDN that forwards requests to the store under
	// the store's own host name. If the store itself has a public name, configure
	// that in the storage that signs. "" leaves URLs unchanged.
	Base string
}

const (
	defaultExpiry = 5 * time.Minute
	longestExpiry = 84 * time.Hour // URLs are signed for twice that; S3 and GCS allow a week
)

// link returns how a rule's files are fetched by p.
func (s *Signed) link(p *Proxy, o origin) (*downloadview.Link, error) {
	expiry := s.Expiry
	if expiry == 0 {
		expiry = defaultExpiry
	}
	switch {
	case o == local:
		return nil, errors.New("is for local files, which have no signed URLs; want a source such as s3://bucket/prefix/")
	case expiry < time.Second, expiry > longestExpiry:
		return nil, fmt.Errorf("expiry %v of its URLs is out of bounds; want from 1s to %v", s.Expiry, longestExpiry)
	case s.Redirect != 0 && s.Redirect != http.StatusFound && s.Redirect != http.StatusTemporaryRedirect:
		return nil, fmt.Errorf("redirects with the status %d; want 302 or 307", s.Redirect)
	case s.Redirect == 0 && p.URLField == "":
		return nil, fmt.Errorf("has signed URLs, which %s can't fetch; want nginx, or a redirect", p.Name)
	}
	if err := checkBase(s.Base); err != nil {
		return nil, err
	}
	c := &urls{base: strings.TrimSuffix(s.Base, "/")}
	l := &downloadview.Link{Field: p.URLField, KeyField: keyField, Expiry: expiry, Hidden: s.Hidden, Sign: c.sign}
	if s.Redirect != 0 {
		l.Field, l.KeyField, l.Status = "Location", "", s.Redirect
	}
	return l, nil
}

func checkBase(s string) error {
	const want = `want a scheme and a host, such as "https://cdn.example.com"`
	if s == "" {
		return nil
	}
	scheme, host, ok := strings.Cut(strings.TrimSuffix(s, "/"), "://")
	if !ok || scheme != "http" && scheme != "https" || host == "" || strings.ContainsAny(host, `/ ?#@\`) || strings.ContainsFunc(host, isControl) {
		return fmt.Errorf("base %q of its URLs is not valid; %s", s, want)
	}
	return nil
}

// under returns url with base in place of its scheme and host.
func under(base, url string) (string, error) {
	if base == "" {
		return url, nil
	}
	_, rest, ok := strings.Cut(url, "://")
	i := strings.IndexByte(rest, '/')
	if !ok || i < 0 {
		return "", errors.New("accel: the URL that the storage signed is not absolute")
	}
	return base + rest[i:], nil
}
