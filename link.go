package downloadview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// A Link is how the bytes are fetched by a signed URL. See [SignedURL].
type Link struct {
	// Field is the canonical name of the field that carries the URL.
	Field string

	// KeyField is the canonical name of the field that carries a name for the
	// file that stays the same whatever the signature, percent-encoded, for the
	// proxy's cache; "" sends none.
	KeyField string

	// Status is 0 where the proxy fetches the file. 302 or 307 send the client
	// itself to the URL, with Field "Location".
	Status int

	// Expiry is how long the URL is good for at least when it is handed over.
	Expiry time.Duration

	// Hidden are the keys of metadata that the proxy's configuration keeps from
	// clients. A file that is looked at and has other metadata is streamed.
	Hidden []string

	// Sign returns a signed URL of f. An error that is [errors.ErrUnsupported]
	// has the file streamed, as any other does, which is logged besides.
	Sign func(ctx context.Context, f File, o SignOptions) (string, error)
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

// sign returns a URL for the file; false means that it must be streamed.
func (x *exchange) sign(l *Link, d description) (url string, ok bool) {
	o := SignOptions{Method: http.MethodGet, Expiry: l.Expiry}
	if l.Status != 0 {
		o.Disposition, o.ContentType = d.disposition(), d.contentType
	}
	url, err := l.Sign(x.r.Context(), x.resp.File, o)
	if err == nil && url == "" {
		err = fmt.Errorf("%T was signed for with neither a URL nor an error", x.resp.File)
	}
	switch {
	case err == nil:
		return url, !hasControl(url)
	case !errors.Is(err, errors.ErrUnsupported):
		x.logger().LogAttrs(x.r.Context(), slog.LevelWarn, "no signed URL, so the file is streamed",
			slog.String("rule", x.outcome.Rule), slog.String("path", x.r.URL.Path), slog.Any("error", err))
	}
	return "", false
}
