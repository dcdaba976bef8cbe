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
		f := silence(e.direct.err, "the application's --listen address, or the URL given for it")
		if e.socket != "" {
			f = silentSocket(e.socket, e.direct.err)
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
		e.skip("app-clock", "the application tells no time")
	}
	e.checkNotPublic()
}

func (e *exam) checkHandover(ctx context.Context) bool {
	const name = "app-handover"
	h, src, expected := e.handover(ctx, e.plain.key)
	field, value := e.direct.handsOver()
	switch {
	case e.direct.status == http.StatusUnauthorized || e.direct.status == http.StatusForbidden:
		e.failed(name, finding{"the application doesn't give the file to whom the doctor asks for", "give the doctor a header with the Authorization or Cookie of somebody who may have it"}, "%v", e.direct)
	case e.direct.status != http.StatusOK && (!expected || e.direct.status != http.StatusFound && e.direct.status != http.StatusTemporaryRedirect):
		f := finding{
			"the application doesn't find the file: it serves another storage, or the storage elsewhere",
			fmt.Sprintf("the prefix (now %q), or the storage that the application serves", e.Prefix),
		}
		if link := e.linkAbove(); link != "" {
			f.cause += "; or it has the directory open to which the symbolic link " + link + " led before it was switched"
			f.change += "; have the application open its storage again (restart it)"
		}
		e.failed(name, f, "%v for %q", e.direct, e.Prefix+e.plain.key)
	case !expected && field != "":
		e.failed(name, finding{
			"the application has a rule that the doctor wasn't told of",
			"give both the same rules, for example from one configuration file",
		}, "%s: %s, want the bytes: no rule covers %s", field, cutQuery(value), src)
	case !expected && !e.direct.gives(e.plain):
		e.failed(name, finding{"the application sends other bytes than the storage has", "the storage that the application serves"}, "%v", e.direct)
	case !expected && e.Offloader == nil:
		e.ok(name, "streams: there is no accelerator")
		return true
	case !expected:
		e.ok(name, "streams: no rule covers the file")
		return true
	case h.Link != nil && h.Link.Status != 0:
		return e.checkRedirect(h.Link.Status)
	case field == "" && e.direct.gives(e.plain):
		e.skip(name, "it streams to this machine, which is not the proxy; or it has no rule")
		return true
	case field != h.Field:
		e.failed(name, finding{
			fmt.Sprintf("the application hands over as for another server: by %s, and the proxy is told by %s", orNothing(field), h.Field),
			"the application's accelerator (serve --accel)",
		}, "%v", e.direct)
	case value != h.Value:
		e.failed(name, finding{
			fmt.Sprintf("the application has another rule for %s", src),
			"the Destination of the application's rule, or the rules given to the doctor",
		}, "%s: %s, want %s", field, cutQuery(value), cutQuery(h.Value))
	case h.Link != nil && e.direct.header.Get(h.Link.Field) == "":
		e.failed(name, finding{"the application signs no URL", "the credentials of its storage"}, "no %s", h.Link.Field)
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
		e.failed("app-handover", finding{"the application signs no URL", "the credentials of its storage"}, "%v, want %d to a signed URL", e.direct, status)
		return false
	}
	e.ok("app-handover", "%v", e.direct)
	return true
}

// checkAppHeaders looks for what a download must have and a hand-over must not.
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
			"put that middleware further in, or have it leave downloads alone",
		}, "%s", strings.Join(wrong, ", "))
		return
	}
	e.ok(name, "")
}

// sent returns a field of the application's own answer, under whichever name.
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
		if !ok {
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
				"the application encodes names in another way than its proxy takes them, or a router or a middleware of it changes the path before the key is taken from it",
				"the application's accelerator (serve --accel); else take the key from the URL's Path as net/http decoded it, once, and don't clean it",
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
		e.failed("app-missing", finding{"the application doesn't pass on that a file is missing", "its view: an error that is fs.ErrNotExist is 404"}, "%v, want 404", a)
	}
}

// strangers are what a client may send to choose a mapping for itself.
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
			"the application takes a mapping from the request",
			"rules come from configuration alone: remove what reads X-Accel-Mapping, X-Sendfile-Type and the like",
		}, "%s: %s, want what it is without the client's fields", field, cutQuery(value))
		return
	}
	e.ok("app-client-headers", "make no difference")
}

// checkNotPublic warns where this machine, which need not be the proxy, is shown
// what is for the proxy.
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
			"the application can be reached without its proxy, and gives internal locations away; where this machine is the proxy's, all is well",
			"listen on 127.0.0.1 or a unix socket, or have the application stream to others than the proxy (from: in the configuration, accel.Options.From)",
		}, "hands over to this machine by %s", field)
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || strings.EqualFold(host, "localhost")
}
