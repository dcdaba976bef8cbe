// Package remote serves files that live at HTTP URLs: those below a base URL
// ([New]), or one of them ([File]).
//
// A whole file is one request, and so is a range, be it of the last bytes; what
// the headers say comes from the answer that brings the bytes. They arrive as
// they are stored: nothing is decoded on the way.
//
// # What goes where
//
// The origin gets [Options].Header and nothing of the client's request: no
// cookie, no Authorization, no address. The client gets the bytes, and of the
// origin's header what [downloadview.Attributes] has: type, length, entity tag,
// time, encoding and language, and as far as [downloadview.Response.StoredFields] says
// so the file name, the cache policy and a digest. Set-Cookie, X-Accel-Redirect, X-Sendfile and all
// the rest go no further.
//
// # Where it may connect to
//
// A URL that comes out of a record, or a redirect, may point at the inside of
// one's own network. Unless the application gives a Client of its own, no
// connection is made to an address that is private, loopback, link-local,
// shared (CGNAT), multicast, unspecified or otherwise not of the public
// Internet, nor to 168.63.129.16, which is the host of a machine at Azure, nor to ports other than 80 and 443. This is decided on the address
// that is dialled, when the name has been resolved, also after a redirect; and
// proxies named by the environment, which would dial themselves, are not used.
// [Allow] opens what the application means.
//
// A Client in [Options] is used as it is, and the guard is then the
// application's: [http.DefaultClient] connects to everything. [GuardedTransport]
// is the guard for a Client of one's own.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// A Storage is what lies below a base URL. Several goroutines may use one.
type Storage struct {
	origin  *origin
	base    url.URL // its path ends in a slash
	escaped string  // path of base, as it is asked for
}

// New returns the Storage below base, such as https://host/path/ with or
// without the last slash. Its userinfo, if any, is sent as basic
// authentication, and its query with every file. base stays the caller's and is
// not kept. The error says what is wrong with base or with o. New does no I/O.
func New(base *url.URL, o *Options) (*Storage, error) {
	if err := checkURL(base); err != nil {
		return nil, fmt.Errorf("remote: base %w", err)
	}
	origin, err := newOrigin(o)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	s := &Storage{origin: origin, base: *base, escaped: asFolder(base.EscapedPath())}
	s.base.Path = asFolder(base.Path)
	if folder := strings.TrimSuffix(s.base.Path[1:], "/"); folder != "" {
		if err := checkKey(folder); err != nil {
			return nil, fmt.Errorf("remote: path %q of the base: %w", base.Path, err)
		}
	}
	return s, nil
}

// asFolder returns a path with a slash at both ends.
func asFolder(path string) string {
	if path = strings.TrimSuffix("/"+strings.TrimPrefix(path, "/"), "/"); path == "" {
		return "/"
	}
	return path + "/"
}

// File returns the file at base and key. The key is a path and nothing else:
// each segment is escaped, so that "?", "#" and "%" are characters of a name,
// and "a%2Fb" is another file than "a/b". A key with an empty segment, "." or
// "..", or a NUL, is [fs.ErrInvalid]; so is one that would be such a key for an
// origin that decodes it again, however often, takes backslashes for slashes,
// or leaves out what follows a semicolon.
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile] and
// [downloadview.Sourcer]. Its source is the scheme, the host (with its port
// where that is not the scheme's own) and the unescaped path; there is none
// where the base has a query or an escaped slash, which a source can't say.
//
// An origin that answers 404 or 410 is [fs.ErrNotExist]. So is one that denies
// access (401 or 403), since buckets say so of missing objects too;
// Options.Logger tells of it. 416 is [downloadview.ErrRange]; 429 and 503 are a
// [downloadview.StatusError] 503 with the origin's Retry-After; 414 is
// [fs.ErrInvalid]. Everything else that is not the answer to what was asked is
// [downloadview.ErrUpstream], and [os.ErrDeadlineExceeded] too where it came
// too late. A body that ends early is [io.ErrUnexpectedEOF]. An origin that
// gives the whole file for a range is [errors.ErrUnsupported], so that the file
// is asked for in another way.
//
// Stat is a HEAD request. Where its answer leaves open what a GET would get, as
// 400, 401, 403, 405 and 500 do, the error is also [errors.ErrUnsupported], and
// [downloadview.Stat] asks for the first byte instead: signed URLs, for one, are
// often for GET alone.
//
// What another try doesn't change is [downloadview.ErrRefused] too: a redirect
// that isn't followed, an address that isn't allowed, a certificate, and the
// statuses from 300 to 499 that say nothing of the file.
//
// Texts of errors have the URL without userinfo and query, and no header.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	return bucket.Object(f, s.origin.logger), nil
}

// Exists tells whether there is a file at key, with one request. Where access is
// denied there may be one or not: that is [fs.ErrPermission].
func (s *Storage) Exists(ctx context.Context, key string) (bool, error) {
	f, err := s.lookup(key)
	if err != nil {
		return false, err
	}
	_, err = downloadview.Stat(ctx, f)
	return err == nil, err
}

func (s *Storage) lookup(key string) (*file, error) {
	if err := checkKey(key); err != nil {
		return nil, &fs.PathError{Op: "file", Path: key, Err: err}
	}
	u := s.base
	u.Path += key
	u.RawPath = s.escaped + escaped(key)
	return &file{s.origin, &u, key}, nil
}

// CloseIdleConnections closes the connections that are kept for the next file,
// those of a given Client included. The Storage can still be used.
func (s *Storage) CloseIdleConnections() { s.origin.client.CloseIdleConnections() }

// checkURL tells why u can't be asked for. The text has nothing of u that may
// be a secret.
func checkURL(u *url.URL) error {
	const want = "want one such as https://host/path"
	switch {
	case u == nil:
		return errors.New("URL is nil; " + want)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("URL has the scheme %q; %s", u.Scheme, want)
	case u.Opaque != "" || u.Hostname() == "":
		return errors.New("URL has no host; " + want)
	case u.Fragment != "":
		return errors.New("URL has a fragment, which is nothing to ask for; " + want)
	}
	return nil
}

var _ downloadview.Exister = (*Storage)(nil)
