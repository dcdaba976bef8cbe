package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkProxy checks how the proxy answers for files of the storage.
func (e *exam) checkProxy(ctx context.Context) {
	e.step = ProxyStep
	e.served = e.get(ctx, e.plain.key)
	if e.served.err != nil && e.served.status == 0 {
		e.failed("proxy-answers", silence(e.served, "correct the URL of the site, or the proxy's listen directive"), "%v", e.served)
		e.end("the proxy doesn't answer")
		return
	}
	e.ok("proxy-answers", "%d", e.served.status)
	e.reach = e.proveReach(ctx)
	e.checkLocation(ctx)
	if date, err := http.ParseTime(e.served.header.Get("Date")); err == nil {
		e.checkClock("proxy-clock", "proxy", date)
	} else {
		e.skip("proxy-clock", "the proxy sends no Date")
	}
	e.checkConnection(ctx)
	if h, _, ok := e.handover(ctx, e.plain.key); ok && h.Link != nil && h.Link.Status != 0 {
		e.checkRedirected(ctx, h.Link.Status)
		e.end("the proxy doesn't send the bytes")
		return
	}
	if !e.checkTier(ctx) {
		e.end("tier-nodes or tier-kept failed")
		return
	}
	if !e.checkFile(ctx) {
		e.end("proxy-file failed")
		return
	}
	e.checkSends(ctx, e.reach)
	e.checkNames(ctx)
	e.checkLongHeader(ctx)
	e.checkHead(ctx)
	e.checkRange(ctx)
	e.checkConditional(ctx)
	e.checkEncoding(ctx)
	e.checkSymlinks(ctx)
}

// checkRedirected requests the URL that clients are redirected to, without the
// fields of Setup.Header.
func (e *exam) checkRedirected(ctx context.Context, status int) {
	if e.served.status != status {
		e.failed("proxy-file", finding{"the proxy doesn't pass on the application's redirect", "remove the directive that changes it, such as proxy_redirect or proxy_intercept_errors"}, "%v, want %d", e.served, status)
		return
	}
	a := e.follow(ctx, e.served.header.Get("Location"))
	if !a.gives(e.plain) {
		e.failed("proxy-file", finding{
			"clients that are redirected to the store don't get the file there: its host can't be reached from outside, the store refuses the signature, or the application's clock is wrong",
			"correct the endpoint or the base for signed URLs, the credentials and their rights, or the clocks",
		}, "%v, and then %v", e.served, a)
		return
	}
	e.ok("proxy-file", "%v, which sends the file", e.served)
}

func (e *exam) checkFile(ctx context.Context) bool {
	if e.served.gives(e.plain) {
		if field, _ := e.served.handsOver(); field == "" {
			e.ok("proxy-file", "%d bytes", len(e.served.body))
			return true
		}
	}
	if cause := e.followsFrom(); cause != "" {
		e.skip("proxy-file", cause+" failed")
		return false
	}
	if f, ok := e.between(e.site, e.served); ok {
		e.failed("proxy-file", f, "%v", e.served)
		return false
	}
	ev := e.evidence(ctx, e.plain, e.served, e.direct)
	if e.served.status == http.StatusNotFound && ev.Location != "" {
		if e.findsWholePath(ctx, ev.Location) {
			ev.Mistake = room.RootForAlias
		}
	}
	e.failed("proxy-file", ev.diagnose(), "%v, want the file's bytes", e.served)
	return false
}

// followsFrom returns the earlier failed check that explains why the file doesn't
// come through the proxy; "" if there is none.
func (e *exam) followsFrom() string {
	switch {
	case e.resultOf("app-answers") == Failed && room.IsGateway(e.served.status):
		return "app-answers"
	case e.resultOf("app-handover") == Failed && e.served.status == e.direct.status:
		return "app-handover"
	}
	return ""
}

// findsWholePath tells whether the proxy appends the internal location to its
// directory. It stores a file at that place to find out.
func (e *exam) findsWholePath(ctx context.Context, location string) bool {
	if len(e.made) == 0 {
		return false
	}
	c, err := e.putKey(ctx, strings.Trim(location, "/")+"/"+e.plain.key)
	if err != nil {
		return false
	}
	return e.get(ctx, e.plain.key).body == c.content
}

// checkLocation requests the internal location from outside.
func (e *exam) checkLocation(ctx context.Context) {
	const name = "proxy-location"
	h, _, ok := e.handover(ctx, e.plain.key)
	if !ok || !proxies.IsLocation(h.Field) {
		e.skip(name, "there is no internal location")
		return
	}
	a := e.ask(ctx, e.site, http.MethodGet, unescape(h.Value))
	signed := h.Link != nil
	switch {
	case !signed && a.status == http.StatusOK && e.plain.known && a.body == e.plain.content,
		!signed && a.status == http.StatusOK && !e.plain.known && a.body == e.served.body && a.body != "",
		signed && a.status >= 500:
		ev := e.evidence(ctx, e.plain, a, e.direct)
		e.failed(name, finding{
			ev.Words("every client can request LOCATION directly, without any check by the application"),
			ev.Words("set `internal;` in `location LOCATION`"),
		}, "%v for %s, want 404", a, h.Value)
	default:
		e.ok(name, "%v for %s", a, h.Value)
	}
}

func (e *exam) checkNames(ctx context.Context) {
	const name = "proxy-names"
	if len(e.made) == 0 {
		e.skip(name, "needs canary files")
		return
	}
	if e.resultOf("app-names") == Failed {
		e.skip(name, "app-names failed")
		return
	}
	var wrong []string
	var worst evidence
	n, refused := 0, 0
	for _, base := range hostile {
		c, ok := e.made[e.folder+base]
		if !ok || e.Links && strings.Contains(base, `\`) {
			continue
		}
		n++
		a := e.get(ctx, c.key)
		if a.gives(c) {
			continue
		}
		ev := e.evidence(ctx, c, a, e.directly(ctx, c))
		ev.Hostile = true
		if d, ok := decoys[base]; ok && a.body != "" && a.body == e.made[e.folder+d.decoy].content {
			ev.Mistake = d.made
		}
		if wrong == nil || worst.Mistake == room.NoMistake {
			worst = ev
		}
		if a.status == http.StatusBadRequest && isOdd(base) {
			refused++
		}
		wrong = append(wrong, fmt.Sprintf("%q: %v", base, a))
	}
	switch {
	case wrong == nil:
		e.ok(name, "%d names", n)
	case refused == len(wrong):
		e.warn(name, worst.of(room.NamesRefused), "%s", strings.Join(wrong, "; "))
	default:
		e.failed(name, worst.diagnose(), "%s", strings.Join(wrong, "; "))
	}
}

func (e *exam) directly(ctx context.Context, c canary) answer {
	if e.app == nil {
		return answer{}
	}
	return e.getDirect(ctx, c.key)
}

func (e *exam) checkLongHeader(ctx context.Context) {
	const name = "proxy-long-header"
	c, ok := e.made[e.folder+longName()]
	if !ok {
		e.skip(name, "needs a canary file with a long name")
		return
	}
	a := e.get(ctx, c.key)
	if a.gives(c) {
		e.ok(name, "the header of a name of %d bytes", len(c.key))
		return
	}
	if !room.IsGateway(a.status) && (e.resultOf("proxy-names") == Failed || e.resultOf("app-names") == Failed) {
		e.skip(name, "special characters in names fail, and this name has some")
		return
	}
	ev := e.evidence(ctx, c, a, e.directly(ctx, c))
	ev.Long = true
	e.failed(name, ev.diagnose(), "%v for a name of %d bytes", a, len(c.key))
}

func (e *exam) checkHead(ctx context.Context) {
	a := e.ask(ctx, e.site, http.MethodHead, e.Prefix+e.plain.key)
	got, want := a.header.Get("Content-Length"), e.served.header.Get("Content-Length")
	if a.status != http.StatusOK || want != "" && got != want {
		ev := e.evidence(ctx, e.plain, a, e.direct)
		f := finding{"HEAD is answered differently from GET", "remove the setting that treats methods differently, such as limit_except; a signed URL may be valid for GET only (set proxy_method GET)"}
		if ev.Signed {
			f = finding{"the signed URL is for GET, but the proxy sends HEAD to the store", ev.Words("set `proxy_method GET;` in `location LOCATION`")}
		}
		e.failed("proxy-head", f, "%v with Content-Length %q, want 200 with %q", a, got, want)
		return
	}
	e.ok("proxy-head", "Content-Length %s", got)
}

func (e *exam) checkRange(ctx context.Context) {
	const name = "proxy-range"
	whole := e.served.body
	if len(whole) < 8 {
		e.skip(name, "the file is too short")
		return
	}
	a := e.get(ctx, e.plain.key, "Range", "bytes=2-5")
	if a.status == http.StatusPartialContent && a.body == whole[2:6] {
		e.ok(name, "%s", a.header.Get("Content-Range"))
		return
	}
	ev := e.evidence(ctx, e.plain, a, e.direct)
	e.failed(name, ev.of(room.RangesOff), "%v for bytes=2-5, want 206 with 4 bytes", a)
}

func (e *exam) checkConditional(ctx context.Context) {
	const name = "proxy-conditional"
	tag, date := e.served.header.Get("Etag"), e.served.header.Get("Last-Modified")
	ev := e.evidence(ctx, e.plain, e.served, e.direct)
	var a answer
	switch {
	case tag != "":
		a = e.get(ctx, e.plain.key, "If-None-Match", tag)
	case date != "":
		a = e.get(ctx, e.plain.key, "If-Modified-Since", date)
	default:
		e.warn(name, ev.of(room.ValidatorsOff), "neither ETag nor Last-Modified: clients can't revalidate their copy or resume a download")
		return
	}
	switch {
	case a.status != http.StatusNotModified:
		e.failed(name, ev.of(room.ValidatorsOff), "%v with If-None-Match %s, If-Modified-Since %s: want 304", a, tag, date)
	case tag == "" && (ev.Handed || e.direct.header.Get("Etag") != ""):
		e.warn(name, ev.of(room.TagOff), "no ETag: the date has whole seconds only, so a client may miss that a file has changed, or join parts of two versions")
	case strings.HasPrefix(tag, "W/"):
		e.warn(name, ev.of(room.ValidatorsOff), "the entity tag %s is weak: clients can't resume a download with it", tag)
	default:
		e.ok(name, "304")
	}
}

const allCodings = "gzip, br, zstd, deflate"

// hasVariant reports whether the application itself sends a file in a coding, or hands
// such a file over. through is the answer of the proxy. A compressor around the application
// would not know the length.
func (e *exam) hasVariant(ctx context.Context, key, coding string, through answer) bool {
	if e.app == nil { // the doctor's own files have no variants
		return e.Key != "" && through.header.Get("Content-Length") != ""
	}
	a := e.getDirect(ctx, key, "Accept-Encoding", allCodings)
	field, _ := a.handsOver()
	for _, name := range []string{"Content-Encoding", "X-Download-Content-Encoding"} {
		if a.header.Get(name) == coding {
			return field != "" || a.header.Get("Content-Length") != ""
		}
	}
	return false
}

func (e *exam) checkEncoding(ctx context.Context) {
	const name = "proxy-encoding"
	keys := []string{e.plain.key}
	if c, ok := e.made[e.folder+pageName]; ok {
		keys = append(keys, c.key)
	}
	for _, key := range keys {
		a := e.get(ctx, key, "Accept-Encoding", allCodings)
		if coding := a.header.Get("Content-Encoding"); coding != "" && !e.hasVariant(ctx, key, coding, a) {
			ev := e.evidence(ctx, e.plain, a, e.direct)
			e.failed(name, ev.of(room.Compressed), "Content-Encoding %s for %q", coding, key)
			return
		}
	}
	e.ok(name, "downloads are not compressed")
}
