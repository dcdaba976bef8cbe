package middleware

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// secureLinkParam is the parameter of links for secure_link.
const secureLinkParam = "dvn"

// SignSecureLink returns rawURL as a link that nginx's module secure_link verifies,
// with the configuration that "downloadview config nginx --verify-links secure_link"
// prints. [Links.Handler] doesn't know such links. They are for an nginx without njs
// that lets requests in by itself; [Links.Sign] makes better ones.
//
// The link is for one path until expires, and for nothing else: it has no name,
// disposition, network, host or number of downloads, and binds no session or version.
// Its MAC is an MD5 with a secret before and after the text, since secure_link has
// nothing better. The secret is not that of other links: see [SecureLinkPurpose]. A
// rawURL with a query is an error.
//
// The form is URL?dvn=KEYID.LAST.MAC. LAST is the last second in which the link is
// valid, since 1970. MAC is the base64url without padding of the MD5 of the secret, a
// space, LAST, the decoded path, a space and the secret again. The secret is written as
// base64url without padding.
func (l *Links) SignSecureLink(rawURL string, expires time.Time) (string, error) {
	// What Sign refuses is refused here too, for the same reasons.
	link, err := l.Sign(rawURL, Grant{Expires: expires})
	if err != nil {
		return "", err
	}
	clean, query, _ := strings.Cut(link, "?")
	u, err := url.Parse(clean)
	if err != nil {
		return "", fmt.Errorf("sign a link: %w", err)
	}
	if !strings.HasPrefix(query, tokenParam+"=") || strings.Contains(rawURL, "?") {
		return "", fmt.Errorf("sign a link for %q: want a URL without a query, which secure_link doesn't verify", u.Path)
	}
	k := l.keys.signing(l.now())
	if k == nil {
		return "", errors.New("sign a link: no key signs now")
	}
	subkey, err := k.subkey(SecureLinkPurpose)
	if err != nil {
		return "", fmt.Errorf("sign a link: %w", err)
	}
	last := strconv.FormatInt(expires.Unix()-1, 10)
	secret := base64.RawURLEncoding.EncodeToString(subkey)
	mac := md5.Sum([]byte(secret + " " + last + u.Path + " " + secret))
	return clean + "?" + secureLinkParam + "=" + k.id + "." + last + "." + base64.RawURLEncoding.EncodeToString(mac[:]), nil
}
