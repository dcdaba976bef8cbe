package downloadview

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	neturl "net/url"
	"time"
)

// sign returns a signed URL for the file and the time until which it is valid. If
// ok is false, the file must be streamed.
func (x *exchange) sign(l *Link, d *description) (url string, until time.Time, ok bool) {
	o := SignOptions{Method: http.MethodGet, Expiry: l.Expiry}
	if l.Status != 0 {
		o.Disposition, o.ContentType = d.disposition(), d.contentType
	}
	url, until, err := l.Sign(x.r.Context(), x.resp.File, o)
	if err == nil && url == "" {
		err = fmt.Errorf("signing for %T returned neither a URL nor an error", x.resp.File)
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

// cacheKey returns the value of KeyField: the identity of the file and, if a has an
// ETag, its version. It is "" if the file has no usable identity.
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
