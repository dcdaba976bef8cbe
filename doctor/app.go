package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// checkApp asks the application itself.
func (e *exam) checkApp(ctx context.Context) {
	e.step = AppStep
	if e.app == nil {
		e.end("no URL of the application is given")
		return
	}
	e.direct = e.getDirect(ctx, e.plain.key)
	if e.direct.err != nil {
		f := silence(e.direct, "correct the application's --listen address, or the URL given to the doctor")
		switch {
		case e.direct.status != 0:
			f = finding{"the application breaks its answer off", "look into the log of the application, which says why"}
		case e.socket != "":
			f = silentSocket(e.socket, e.direct)
		}
		e.failed("app-answers", f, "%v", e.direct)
		e.end("the application doesn't answer")
		return
	}
	e.ok("app-answers", "%v", e.direct)
	e.end("app-handover failed")
	if e.checkHandover(ctx) {
		e.checkAppHeaders(ctx)
		e.checkAppNames(ctx)
		e.checkAppMissing(ctx)
		e.checkAppClientHeaders(ctx)
	}
	if date, err := http.ParseTime(e.direct.header.Get("Date")); err == nil {
		e.checkClock("app-clock", "application", date)
	} else {
		e.skip("app-clock", "the application sends no Date")
	}
	e.checkNotPublic()
}

func (e *exam) checkHandover(ctx context.Context) bool {
	const name = "app-handover"
	h, src, expected := e.handover(ctx, e.plain.key)
	field, value := e.direct.handsOver()
	if f, ok := e.between(e.app, e.direct); ok {
		e.failed(name, f, "%v", e.direct)
		return false
	}
	switch {
	case e.direct.status == http.StatusUnauthorized || e.direct.status == http.StatusForbidden:
		e.failed(name, finding{"the application refuses the file to the doctor", "give the doctor the Authorization or Cookie of a user that may have the file, or --key-file if signed links are required"}, "%v", e.direct)
	case e.direct.status == http.StatusBadRequest && strings.Contains(e.direct.body, "HTTPS"):
		e.failed(name, finding{"the port of the application needs TLS, and its URL begins with http://", "use a URL of the application that begins with https://"}, "%v", e.direct)
	case e.direct.status >= http.StatusInternalServerError:
		e.failed(name, finding{"the application can't send the file at the moment", "look into the log of the application, which says why: it may have no access to its storage, or too many downloads"}, "%v", e.direct)
	case e.direct.status != http.StatusOK && (!expected || e.direct.status != http.StatusFound && e.direct.status != http.StatusTemporaryRedirect):
		f := finding{
			"the application doesn't find the file: it serves another storage, or this storage below another prefix",
			fmt.Sprintf("correct the prefix (now %q), or the storage that the application serves", e.Prefix),
		}
		if link := e.linkAbove(); link != "" {
			f.cause += "; or the symbolic link " + link + " was changed, and the application still has the old directory open"
			f.change += "; or restart the application, so that it opens the storage again"
		}
		e.failed(name, f, "%v for %q", e.direct, e.Prefix+e.plain.key)
	case !expected && field != "":
		e.failed(name, finding{
			"the application has a rule that the doctor doesn't have",
			"give both the same rules, for example from one configuration file",
		}, "%s: %s, want the bytes: no rule covers %s", field, cutQuery(value), src)
	case !expected && !e.direct.gives(e.plain):
		e.failed(name, finding{"the application sends other bytes than the storage has", "correct the storage that the application serves"}, "%v", e.direct)
	case !expected && e.Offloader == nil:
		e.ok(name, "streams: there is no accelerator")
		return true
	case !expected:
		e.ok(name, "streams: no rule covers the file")
		return true
	case h.Link != nil && h.Link.Status != 0:
		return e.checkRedirect(h.Link.Status)
	case field == "" && e.direct.gives(e.plain):
		e.skip(name, "the application streams to this machine: it doesn't treat this machine as its proxy, or it has no rule")
		return true
	case field != h.Field:
		e.failed(name, finding{
			fmt.Sprintf("the application hands over for another server: it sends %s, but the proxy expects %s", orNothing(field), h.Field),
			"set the application's accelerator to the proxy (serve --accel)",
		}, "%v", e.direct)
	case value != h.Value:
		e.failed(name, finding{
			fmt.Sprintf("the application has another rule for %s", src),
			"correct the Destination of the application's rule, or the rules given to the doctor",
		}, "%s: %s, want %s", field, cutQuery(value), cutQuery(h.Value))
	case h.Link != nil && e.direct.header.Get(h.Link.Field) == "":
		e.failed(name, finding{"the application signs no URL", "correct the credentials of its storage"}, "no %s", h.Link.Field)
	default:
		e.ok(name, "%s: %s", field, cutQuery(value))
		return true
	}
	return false
}

func orNothing(field string) string {
	if field == "" {
		return "nothing"
	}
	return field
}

func (e *exam) checkRedirect(status int) bool {
	if e.direct.status != status || e.direct.header.Get("Location") == "" {
		e.failed("app-handover", finding{"the application signs no URL", "correct the credentials of its storage"}, "%v, want %d to a signed URL", e.direct, status)
		return false
	}
	e.ok("app-handover", "%v", e.direct)
	return true
}

// checkAppHeaders looks for fields that a download needs and a hand-over must not have.
func (e *exam) checkAppHeaders(ctx context.Context) {
	const name = "app-headers"
	var wrong []string
	field, _ := e.direct.handsOver()
	if n := e.direct.header.Get("Content-Length"); field != "" && n != "" && n != "0" {
		wrong = append(wrong, "Content-Length "+n+" on an answer without a body")
	}
	if field != "" && e.direct.header.Get("Content-Encoding") != "" {
		wrong = append(wrong, "Content-Encoding on an answer without a body")
	}
	if e.direct.status == http.StatusOK {
		for _, f := range []string{"Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options"} {
			if e.sent(f) == "" {
				wrong = append(wrong, "no "+f)
			}
		}
	}
	if wrong != nil {
		e.failed(name, finding{
			"something between the application's handler and its listener changes headers, such as a compressing middleware",
			"put that middleware around the other handlers only, or exclude downloads from it",
		}, "%s", strings.Join(wrong, ", "))
		return
	}
	e.ok(name, "")
}

// sent returns a field of the application's own answer, also if it has a private name.
func (e *exam) sent(field string) string {
	if v := e.direct.header.Get(field); v != "" {
		return v
	}
	return e.direct.header.Get("X-Download-" + field)
}

func (e *exam) checkAppNames(ctx context.Context) {
	const name = "app-names"
	if len(e.made) == 0 {
		e.skip(name, "needs canary files")
		return
	}
	var wrong []string
	f := finding{
		"a router or a middleware of the application changes the path before the key is taken from it",
		"take the key from the URL's Path as net/http decoded it, once, and don't clean it",
	}
	n := 0
	for _, base := range hostile {
		c, ok := e.made[e.folder+base]
		if !ok || e.Links && strings.Contains(base, `\`) {
			continue
		}
		n++
		a := e.getDirect(ctx, c.key)
		h, _, expected := e.handover(ctx, c.key)
		value := a.header.Get(h.Field)
		switch {
		case a.gives(c), expected && value == strings.TrimRight(h.Value, " "), expected && h.Link != nil && h.Link.Status == a.status:
			continue
		case expected && value != "":
			f = finding{
				"the application encodes names for another server than the proxy, or one of its routers or middlewares changes the path before the key is taken from it",
				"set the application's accelerator to the proxy (serve --accel); or take the key from the URL's Path as net/http decoded it, once, and don't clean it",
			}
			wrong = append(wrong, fmt.Sprintf("%q: %s, want %s", base, cutQuery(value), cutQuery(h.Value)))
		default:
			wrong = append(wrong, fmt.Sprintf("%q: %v", base, a))
		}
	}
	if wrong != nil {
		e.failed(name, f, "%s", strings.Join(wrong, "; "))
		return
	}
	e.ok(name, "%d names", n)
}

func (e *exam) checkAppMissing(ctx context.Context) {
	a := e.getDirect(ctx, e.folder+missingName)
	field, _ := a.handsOver()
	switch {
	case a.status == http.StatusNotFound:
		e.ok("app-missing", "404")
	case field != "" || a.status == http.StatusFound || a.status == http.StatusTemporaryRedirect:
		e.ok("app-missing", "hands over without looking")
	default:
		e.failed("app-missing", finding{"the application doesn't answer 404 for a missing file", "return the storage's error from the view: one that is fs.ErrNotExist is answered 404"}, "%v, want 404", a)
	}
}

// strangers are fields by which a client may try to choose the file that is sent.
func (e *exam) strangers(value string) []string {
	return []string{
		"X-Accel-Redirect", value, "X-Sendfile", value, "X-Sendfile-Type", "X-Accel-Redirect",
		"X-Accel-Mapping", "/=" + value, "X-Accel-Limit-Rate", "1", "X-Download-Url", "http://127.0.0.1:1/",
	}
}

func (e *exam) checkAppClientHeaders(ctx context.Context) {
	a := e.getDirect(ctx, e.plain.key, e.strangers("/etc/hostname")...)
	field, value := a.handsOver()
	wantField, want := e.direct.handsOver()
	if field != wantField || value != want || a.status != e.direct.status {
		e.failed("app-client-headers", finding{
			"a header field of the client changes what the application hands over",
			"take rules from the configuration only: remove code that reads X-Accel-Mapping, X-Sendfile-Type or similar fields",
		}, "%s: %s, want the same as without the client's fields", field, cutQuery(value))
		return
	}
	e.ok("app-client-headers", "make no difference")
}

// checkNotPublic warns if the application hands files over to this machine, which may
// not be the proxy's.
func (e *exam) checkNotPublic() {
	const name = "app-not-public"
	field, _ := e.direct.handsOver()
	switch {
	case field == "" && e.direct.status == http.StatusOK:
		e.ok(name, "streams to this machine")
	case field == "":
		e.skip(name, "the application doesn't hand over")
	case isLoopback(e.app.Hostname()):
		e.ok(name, "asked on the loopback interface, as a proxy on this machine would")
	default:
		e.warn(name, finding{
			"the application can be reached without its proxy, and then shows internal locations; if the doctor runs on the proxy's machine, this is no fault",
			"listen on 127.0.0.1 or a unix socket, or set the proxy's address, so that the application streams to all others (serve --accel-from, from in the configuration, accel.Options.From)",
		}, "hands over to this machine by %s", field)
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || strings.EqualFold(host, "localhost")
}
