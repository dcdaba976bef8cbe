package downloadview

import (
	"strconv"
	"time"
)

// redirect sends the client to a signed URL. What the answer says of caching
// ends before the URL does, and speaks to this client alone.
func (x *exchange) redirect(l *Link, url string, until time.Time) {
	good := l.Expiry
	if !until.IsZero() {
		good = min(good, max(time.Until(until).Round(time.Second), 0))
	}
	f := fieldsOf(x.w, 3)
	f.drop(contentFields)
	f.add(x.resp.Header, describesNoFile)
	f.set(l.Field, url)
	if own := x.resp.CacheControl; own != "" {
		f.header["Cache-Control"] = union(f.header["Cache-Control"], []string{own})
	}
	f.cache("private, max-age=" + formatInt(int64(good/(2*time.Second))))
	f.set("Content-Length", "0")
	x.outcome.Mode, x.outcome.Status = Redirected, l.Status
	x.w.WriteHeader(l.Status)
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
