package downloadview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	neturl "net/url"
	"slices"
	"time"
)

// A Link is how the bytes are fetched by a signed URL. See [SignedURL].
type Link struct {
	// Field is the canonical name of the field that carries the URL.
	Field string

	// KeyField is the canonical name of the field that carries a name for the
	// file that stays the same whatever the signature, for the proxy's cache: the
	// file's [IdentityOf], and behind "#" the entity tag where the file is looked
	// at. Files without an identity get none; "" sends none.
	KeyField string

	// Status is 0 where the proxy fetches the file. 302 or 307 send the client
	// itself to the URL, with Field "Location".
	Status int

	// Expiry is how long the URL is good for when it is handed over, unless the
	// credentials that sign it end before.
	Expiry time.Duration

	// Hidden are the keys of metadata that the proxy's configuration keeps from
	// clients. A file that is looked at and has other metadata is streamed.
	Hidden []string

	// Sign returns a signed URL of f and until when it is good; the
	// zero time is what o.Expiry says. An error that is [errors.ErrUnsupported]
	// has the file streamed, as any other does, which is logged besides.
	Sign func(ctx context.Context, f File, o SignOptions) (url string, until time.Time, err error)
}

// hides tells whether clients get to see none of the metadata.
func (l *Link) hides(metadata map[string]string) bool {
	for key := range metadata {
		if !slices.Contains(l.Hidden, key) {
			return false
		}
	}
	return true
}

// sign returns a URL for the file and until when it is good; false means that
// the file must be streamed.
func (x *exchange) sign(l *Link, d description) (url string, until time.Time, ok bool) {
	o := SignOptions{Method: http.MethodGet, Expiry: l.Expiry}
	if l.Status != 0 {
		o.Disposition, o.ContentType = d.disposition(), d.contentType
	}
	url, until, err := l.Sign(x.r.Context(), x.resp.File, o)
	if err == nil && url == "" {
		err = fmt.Errorf("%T was signed for with neither a URL nor an error", x.resp.File)
	}
	switch {
	case err == nil:
		return url, until, !hasControl(url)
	case !errors.Is(err, errors.ErrUnsupported):
		x.logger().LogAttrs(x.r.Context(), slog.LevelWarn, "no signed URL, so the file is streamed",
			slog.String("rule", x.outcome.Rule), slog.String("path", x.r.URL.Path), slog.Any("error", err))
	}
	return "", time.Time{}, false
}

// cacheKey returns the value of KeyField: which version of which file it is,
// with the version where a was looked at; "" where nobody could tell.
func (x *exchange) cacheKey(a *Attributes) string {
	id, ok := IdentityOf(x.resp.File)
	if !ok || id == "" || hasControl(id) {
		return ""
	}
	if a.ETag != "" {
		id += "#" + neturl.PathEscape(a.ETag)
	}
	return id
}
