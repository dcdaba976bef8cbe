package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkWhole checks what needs the storage, the application and the proxy together.
func (e *exam) checkWhole(ctx context.Context) {
	e.step = TogetherStep
	if e.served.err != nil && e.served.status == 0 {
		e.end("the proxy doesn't answer")
		return
	}
	if e.resultOf("proxy-file") != OK { // other faults may follow from that one
		e.end("the proxy doesn't send the file")
		return
	}
	if e.served.gives(e.plain) && e.served.body != "" {
		e.checkHeaders(ctx)
		e.checkClientHeaders(ctx)
		e.checkMissingFile(ctx)
	} else {
		e.end("the proxy doesn't send the file")
	}
	e.checkDirectory(ctx)
	e.checkErrorPages(ctx)
	e.checkCache(ctx)
}

// downloadID is the Field of package ledger.
const downloadID = "X-Download-Id"

// checkHeaders checks that the application's fields reach the client, once, and that
// the fields for the proxy don't.
func (e *exam) checkHeaders(ctx context.Context) {
	const name = "whole-headers"
	h, _, handed := e.handover(ctx, e.plain.key)
	ev := e.evidence(ctx, e.plain, e.served, e.direct)
	var lost, doubled, private []string
	fields := []string{"Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options"}
	for _, f := range fields {
		values := e.served.header.Values(f)
		want := ""
		if e.app != nil && e.direct.status == http.StatusOK {
			want = e.sent(f)
		}
		switch {
		case len(values) > 1:
			doubled = append(doubled, f)
		case len(values) == 0 && want == "" && e.resultOf("app-headers") == Failed:
			// the application sends none, and app-headers says so
		case len(values) == 0, want != "" && values[0] != want:
			lost = append(lost, f)
		}
	}
	for f := range e.served.header {
		if f == downloadID && e.proxy.ShowsID {
			continue
		}
		if strings.HasPrefix(f, "X-Download-") || strings.HasPrefix(f, "X-Accel-") || f == "X-Sendfile" {
			private = append(private, f)
		}
	}
	slices.Sort(private)
	onlySafety := slices.Equal(lost, []string{"X-Content-Type-Options"})
	switch {
	case onlySafety && handed && !h.Terms.KeepsSafety && private == nil && doubled == nil:
		e.warn(name, ev.fieldsLost(lost), "no X-Content-Type-Options, so inline downloads are streamed")
	case lost != nil:
		e.failed(name, ev.fieldsLost(lost), "missing or different from the application's: %s", strings.Join(lost, ", "))
	case doubled != nil:
		e.failed(name, ev.of(room.FieldsDoubled), "sent twice: %s", strings.Join(doubled, ", "))
	case private != nil:
		e.failed(name, ev.of(room.FieldsShown), "only for the proxy, but sent to the client: %s", strings.Join(private, ", "))
	default:
		e.ok(name, "%s", strings.Join(fields, ", "))
	}
}

func (e *exam) checkClientHeaders(ctx context.Context) {
	if e.resultOf("app-client-headers") == Failed {
		e.skip("whole-client-headers", "app-client-headers failed")
		return
	}
	h, _, _ := e.handover(ctx, e.plain.key)
	value := h.Value
	if value == "" {
		value = "/etc/hostname"
	}
	a := e.get(ctx, e.folder+missingName, e.strangers(value)...)
	b := e.get(ctx, e.plain.key, e.strangers("/etc/hostname")...)
	without := e.get(ctx, e.folder+missingName)
	if a.status != without.status || a.status == http.StatusOK && a.body != without.body || !b.gives(e.plain) || b.body != e.served.body {
		e.failed("whole-client-headers", finding{
			"a header field of the client changes which file is sent",
			"drop the client's fields (`proxy_set_header X-Accel-Redirect \"\";`), and remove code that reads X-Accel-Mapping or X-Sendfile-Type",
		}, "%v and %v, want %v and the file", a, b, without)
		return
	}
	e.ok("whole-client-headers", "make no difference")
}

func (e *exam) checkMissingFile(ctx context.Context) {
	const name = "whole-missing"
	a := e.get(ctx, e.folder+missingName)
	h, _, handed := e.handover(ctx, e.folder+missingName)
	ev := e.evidence(ctx, e.plain, a, e.direct)
	switch {
	case a.status == http.StatusForbidden:
		e.failed(name, finding{
			"a missing file is answered 403: a bucket does so if the credentials may not list it, a server if its user may not enter the folder",
			"allow listing (s3:ListBucket), or set `error_page 403 =404`",
		}, "%v, want 404", a)
	case a.status != http.StatusNotFound && e.answersItself(ctx, e.folder+missingName):
		e.skip(name, "the application answers an error itself: see whole-error-pages")
	case a.status != http.StatusNotFound:
		e.failed(name, ev.of(room.ErrorPages), "%v, want 404", a)
	case a.header.Get("Content-Disposition") != "" || isKept(a.header.Get("Cache-Control")):
		f := finding{
			"the error page has the name and the cache policy of the download, so browsers save it under that name",
			"set `headers: private` (accel.PassAll) for the rule and use the configuration that `downloadview config` prints, or have the application look at files before it hands them over (Response.CheckFirst)",
		}
		if handed && len(h.Terms.Private) > 0 {
			f.change = "remove `always` from the add_header lines of the internal location"
		}
		e.warn(name, f, "404 with Content-Disposition %q, Cache-Control %q", a.header.Get("Content-Disposition"), a.header.Get("Cache-Control"))
	default:
		e.ok(name, "404")
	}
}

// answersItself tells whether the application answers an error for key.
func (e *exam) answersItself(ctx context.Context, key string) bool {
	if e.app == nil {
		return false
	}
	a := e.getDirect(ctx, key)
	field, _ := a.handsOver()
	return a.err == nil && a.status >= http.StatusBadRequest && field == ""
}

func isKept(cacheControl string) bool {
	return cacheControl != "" && !strings.Contains(cacheControl, "no-cache") && !strings.Contains(cacheControl, "no-store")
}

func (e *exam) checkDirectory(ctx context.Context) {
	const name = "whole-directory"
	if len(e.made) == 0 {
		e.skip(name, "needs canary files")
		return
	}
	folder := strings.TrimSuffix(e.folder, "/")
	h, _, _ := e.handover(ctx, folder)
	said := "not shown"
	for _, key := range []string{folder, e.folder} {
		a := e.get(ctx, key)
		to := a.header.Get("Location")
		location := strings.TrimSuffix(h.Value, folder)
		switch {
		case to != "" && location != "" && strings.Contains(to, location):
			ev := e.evidence(ctx, e.plain, a, e.direct)
			e.failed(name, finding{
				"the answer for a folder is a redirect that shows the internal location",
				ev.Words("set `if (-d $request_filename) { return 404; }` in `location LOCATION`, or have the application look at files before it hands them over (Response.CheckFirst)"),
			}, "%v", a)
			return
		case a.status == http.StatusOK && strings.Contains(a.body, plainName) && e.Index:
			said = "listed, as the settings say"
		case a.status == http.StatusOK && strings.Contains(a.body, plainName):
			e.failed(name, finding{
				"clients get a list of the files in a folder",
				"set `autoindex off;` in nginx, `Options -Indexes` in Apache, `dir-listing.activate = \"disable\"` in lighttpd, no `browse` in Caddy; or remove the application's --index, if no list is wanted",
			}, "%v", a)
			return
		}
	}
	e.ok(name, "%s", said)
}

// checkErrorPages compares an error of the application with its answer through the
// proxy.
func (e *exam) checkErrorPages(ctx context.Context) {
	const name = "whole-error-pages"
	if e.app == nil {
		e.skip(name, "no URL of the application is given")
		return
	}
	for _, key := range []string{e.folder + missingName, e.folder + "/" + missingName} {
		want := e.getDirect(ctx, key)
		if field, _ := want.handsOver(); want.err != nil || want.status < 400 || field != "" {
			continue
		}
		got := e.get(ctx, key)
		ev := e.evidence(ctx, e.plain, got, want)
		switch {
		case got.status != want.status:
			e.failed(name, ev.of(room.ErrorPages), "%d from the application becomes %v", want.status, got)
		case got.body != want.body:
			e.warn(name, ev.of(room.ErrorPages), "the application's error page is replaced by another")
		default:
			e.ok(name, "%d is passed on", want.status)
		}
		return
	}
	e.skip(name, "the application answers no error itself")
}

// checkCache requests a file before it is stored, while it exists, and after it is
// removed.
func (e *exam) checkCache(ctx context.Context) {
	const name = "whole-cache"
	if len(e.made) == 0 {
		e.skip(name, "needs canary files")
		return
	}
	before := e.get(ctx, e.folder+lateName)
	c, err := e.put(ctx, lateName)
	if err != nil {
		e.skip(name, "the canary file was not stored")
		return
	}
	during := e.get(ctx, c.key)
	err = e.delete(ctx, c.key)
	after := e.get(ctx, c.key)
	ev := e.evidence(ctx, c, during, answer{})
	switch {
	case !e.served.gives(e.plain):
		e.skip(name, "the proxy doesn't send the file")
	case before.status >= 400 && during.status == before.status && !during.gives(c):
		e.failed(name, ev.of(room.ErrorsCached), "%d for a file that was stored after the first request%s", during.status, age(during))
	case !during.gives(c):
		e.failed(name, ev.of(room.ErrorsCached), "%v for a file that was just stored%s", during, age(during))
	case err != nil:
		e.skip(name, "the canary file was not removed")
	case after.gives(c) && e.isFromNode(after):
		e.ok(name, "%d, 200, 200: the application lets the client in, and a cache node keeps the file for 10 minutes", before.status)
	case after.gives(c):
		e.failed(name, ev.of(room.FilesCached), "200 for a file that was removed%s: the application's permission checks are skipped too", age(after))
	default:
		e.ok(name, "%d, 200, %d", before.status, after.status)
	}
}

// age returns the fields by which a cache describes its answer, in parentheses.
func age(a answer) string {
	var said []string
	for _, f := range []string{"Age", "X-Cache", "X-Cache-Status", "Cf-Cache-Status"} {
		if v := a.header.Get(f); v != "" {
			said = append(said, fmt.Sprintf("%s: %s", f, v))
		}
	}
	if said == nil {
		return ""
	}
	return " (" + strings.Join(said, ", ") + ")"
}
