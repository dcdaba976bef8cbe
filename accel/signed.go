package accel

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// Signed has the files of a rule fetched from where they live, by signed URLs
// ([downloadview.SignedURL]). Files that can't be signed for are streamed.
//
// The proxy asks by GET whatever the client does, and keeps the client's cookies
// and authorization to itself; the configuration that "downloadview config nginx"
// prints does both. What the store answers is in the store's words: the view has
// no word in tags and dates, and where it does not look ([downloadview.Response.CheckFirst])
// a type that it doesn't name is guessed from the file's name.
type Signed struct {
	// Expiry is for how long a URL is good at least when it is handed over; 0
	// means 5 minutes. It is signed for twice as long, and handed over again for
	// the same file meanwhile, where the file has an identity
	// ([downloadview.Identifier]). That is no matter of who signs: where storages
	// read one bucket by different credentials, and not all may read all of it,
	// each has an accelerator of its own, and a proxy's cache of its own.
	//
	// Where the credentials that sign end sooner, as those of a role do, a URL is
	// good until then, and for a minute at least, or for Expiry if that is less.
	// In their last minute files are streamed, unless there are new ones.
	Expiry time.Duration

	// Redirect is 302 or 307 to send the client itself to the URL, with the name
	// and type of the download; the rule then has no Destination. HEAD is
	// answered here. 0 has the proxy fetch the file.
	Redirect int

	// Hidden are the keys of the objects' metadata that the proxy's configuration
	// keeps from clients, in lower case, such as "owner" where it hides
	// X-Amz-Meta-Owner. Where a file is looked at and has other metadata, it is
	// streamed; where it isn't, what the proxy doesn't hide is seen. It means
	// nothing to a redirect, which shows all that the store says.
	Hidden []string

	// Base is put in place of the scheme and host of every URL, such as
	// "https://cdn.example.com": a CDN that forwards to the store, under the
	// store's own host name, what it is asked. A store that has a public name of
	// its own is rather told to the storage that signs. "" leaves URLs alone.
	Base string
}

const (
	defaultExpiry = 5 * time.Minute
	longestExpiry = 84 * time.Hour // signed for twice that; S3 and GCS allow a week
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
		return nil, fmt.Errorf("has signed URLs, which %s can't be told; want nginx, or a redirect", p.Name)
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
		return fmt.Errorf("base %q of its URLs; %s", s, want)
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
		return "", errors.New("accel: the storage signed what is no absolute URL")
	}
	return base + rest[i:], nil
}
