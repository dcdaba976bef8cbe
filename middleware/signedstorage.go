package middleware

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/publicurl"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// SignedStorageOptions are the options of [NewSignedStorage]. The zero value is fine.
type SignedStorageOptions struct {
	// Grant returns what the link to a file grants. It has the context of the call of
	// URL, which may know a session. Its error is that of URL. nil grants an hour.
	Grant func(ctx context.Context, key string) (Grant, error)
}

// NewSignedStorage returns s with URLs that are signed links: [downloadview.URL] of it
// returns the link to the file under a key, below base. base is the URL, or its part
// from the path on, at which the program serves s behind [Links.Handler]; its query and
// fragment are dropped. nil options are the zero value. It panics if s, links or base is
// nil.
//
// Everything else that s offers is passed through, and its files are those of s. So s
// may be any storage, such as local files.
//
// URL does no I/O, but what Grant does. If no link can lead to a key, such as one with an
// empty segment or a backslash, its error is [errors.ErrUnsupported]. For other errors
// see [Links.Sign].
func NewSignedStorage(s downloadview.Storage, links *Links, base *url.URL, o *SignedStorageOptions) downloadview.Storage {
	if wrapper.IsNothing(s) || links == nil || base == nil {
		panic("middleware: NewSignedStorage: the storage, links or base is nil")
	}
	signed := &signedStorage{Storage: wrapper.Storage{Inner: s}, links: links, base: base}
	if o != nil {
		signed.grant = o.Grant
	}
	return signed
}

type signedStorage struct {
	wrapper.Storage
	links *Links
	base  *url.URL
	grant func(ctx context.Context, key string) (Grant, error)
}

func (s *signedStorage) File(key string) (downloadview.File, error) { return s.Inner.File(key) }

// URL returns a link to the file under key.
func (s *signedStorage) URL(ctx context.Context, key string) (string, error) {
	if _, err := s.Inner.File(key); err != nil {
		return "", err
	}
	plain, err := publicurl.Of(s.base, key)
	if err != nil {
		return "", err
	}
	plain = strings.ReplaceAll(plain, ";", "%3B") // which Sign takes only escaped
	failed := func(err error) (string, error) {
		return "", &fs.PathError{Op: "url", Path: key, Err: err}
	}
	u, err := url.Parse(plain)
	if err == nil {
		err = signable(u)
	}
	if err != nil {
		return failed(fmt.Errorf("%w: %w", errors.ErrUnsupported, err))
	}
	g := Grant{Expires: s.links.now().Add(time.Hour)}
	if s.grant != nil {
		if g, err = s.grant(ctx, key); err != nil {
			return failed(err)
		}
	}
	link, err := s.links.Sign(plain, g)
	if err != nil {
		return failed(err)
	}
	return link, nil
}

var (
	_ downloadview.Lister  = (*signedStorage)(nil)
	_ downloadview.Exister = (*signedStorage)(nil)
	_ downloadview.Saver   = (*signedStorage)(nil)
	_ downloadview.Deleter = (*signedStorage)(nil)
	_ downloadview.Timed   = (*signedStorage)(nil)
	_ downloadview.URLer   = (*signedStorage)(nil)
	_ downloadview.Pather  = (*signedStorage)(nil)
)
