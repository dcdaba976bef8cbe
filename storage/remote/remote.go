// Package remote serves files at HTTP URLs: all files below a base URL ([New]),
// or a single one ([File]).
//
// A download of a whole file is one request, and so is one of a range,
// including a range of the last bytes. The header fields of a download come
// from the answer that brings the bytes. Files are sent as they are stored:
// nothing is decoded.
//
// # What is passed on
//
// The origin gets [Options].Header and nothing of the client's request: no
// cookie, no Authorization, no address. The client gets the bytes, and of the
// origin's header only the fields in [downloadview.Attributes]: type, length,
// entity tag, time, encoding and language, and, if
// [downloadview.Response.StoredFields] allows it, the file name, the cache
// policy and a digest. All other fields, such as Set-Cookie, X-Accel-Redirect
// and X-Sendfile, are dropped.
//
// # Allowed addresses
//
// A URL from a database, or a redirect, may point into the application's own
// network. Unless the application provides a Client, this package doesn't
// connect to addresses that are private, loopback, link-local, shared (CGNAT),
// multicast, unspecified or otherwise not part of the public Internet, nor to
// 168.63.129.16, which is the host of a machine at Azure, nor to ports other
// than 80 and 443. The address is checked after its name has been resolved,
// right before connecting, and again after each redirect. Proxies from the
// environment are not used, because they would resolve names themselves.
// [Allow] permits further addresses and ports.
//
// A Client in [Options] is used as it is, and then the application is
// responsible for the guard: [http.DefaultClient] connects to any address.
// [GuardedTransport] returns the guarded transport for your own Client.
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

// A Storage is a set of files below a base URL. Several goroutines may use one.
type Storage struct {
	origin  *origin
	base    url.URL // its path ends in a slash
	escaped string  // path of base, as it is sent
}

// New returns the storage of the files below base, such as https://host/path/,
// with or without the last slash. If base has userinfo, it is sent as basic
// authentication; if it has a query, it is sent with every request. New keeps a
// copy of base. It returns an error if base or o is invalid. New does no I/O.
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
	if s.base.Path != "/" {
		if err := checkKey(strings.TrimSuffix(s.base.Path[1:], "/")); err != nil {
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

// File returns the file at base and key. The key is only a path: each segment
// is escaped, so "?", "#" and "%" are ordinary characters, and "a%2Fb" is
// another file than "a/b". A key with an empty segment, "." or "..", or a NUL,
// is [fs.ErrInvalid]. So is a key that an origin could turn into one of these
// by decoding it again any number of times, by treating backslashes as slashes,
// or by dropping the part after a semicolon.
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile] and
// [downloadview.Sourcer]. Its source consists of the scheme, the host (with its
// port unless that is the scheme's default) and the unescaped path. If the base
// has a query or an escaped slash, which a source can't express, there is no
// source.
//
// An origin that answers 404 or 410 is [fs.ErrNotExist]. So is one that denies
// access (401 or 403), because buckets give this answer for missing objects,
// too; Options.Logger gets a line. 416 is [downloadview.ErrRange]. 429 and 503
// are a [downloadview.StatusError] 503 with the origin's Retry-After. 414 is
// [fs.ErrInvalid]. Any other answer that doesn't fit the request is
// [downloadview.ErrUpstream], and if it came too late,
// [os.ErrDeadlineExceeded], too. A body that ends early is
// [io.ErrUnexpectedEOF]. If the origin sends the whole file for a range, the
// error is [errors.ErrUnsupported], and the caller requests the file in another
// way.
//
// Stat is a HEAD request. If a GET may still succeed after the answer, as after
// 400, 401, 403, 405 and 500, the error is also [errors.ErrUnsupported], and
// [downloadview.Stat] requests the first byte instead. Signed URLs, for
// example, are often valid for GET only.
//
// If trying again can't help, the error is also [downloadview.ErrRefused]: a
// redirect that isn't followed, an address that isn't allowed, a bad
// certificate, and the statuses from 300 to 499 that say nothing about the
// file.
//
// Texts of errors contain the URL without userinfo and query, and no header
// fields.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	return bucket.Object(f, s.origin.logger), nil
}

// Exists reports whether there is a file at key, with one request. If access is
// denied, the file may or may not exist: the error is [fs.ErrPermission].
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

// CloseIdleConnections closes the idle connections, including those of
// Options.Client. The Storage can still be used.
func (s *Storage) CloseIdleConnections() { s.origin.client.CloseIdleConnections() }

// checkURL returns the reason why u can't be requested, or nil. The text has no
// part of u that may be secret.
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
		return errors.New("URL has a fragment, which is not sent to servers; " + want)
	}
	return nil
}

var _ downloadview.Exister = (*Storage)(nil)
