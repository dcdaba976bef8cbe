package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// Handler lets only requests in that have a valid link. It is ordinary http
// middleware. Below it, the request has no token and no parameter that isn't signed:
// neither in URL nor in RequestURI, no cookie of a link, and no Referer with a token.
// Views and
// [downloadview.Send] there are as under [Links.View]. A plain handler's answer gets
// Cache-Control: private, max-age=0 and Referrer-Policy: no-referrer, unless it sets
// its own. Fields that shared caches follow in place of Cache-Control, such as
// CDN-Cache-Control, are removed if a handler outside has set them.
//
// A plain handler's download by a link with a number of downloads is counted when it
// begins an answer of a status below 400, other than 304 and not to HEAD. If the link is
// used up, the refusal is sent in place of the handler's answer, and writes fail.
//
// nginx drops Referrer-Policy from the answers that it sends files for; an add_header
// in its configuration puts it there again.
//
// Handler has to stand outside of all that changes the path, such as
// [http.StripPrefix], outside of muxes, which don't know the paths of links to a prefix,
// and outside of handlers that log URLs. A redirect to an absolute path, such as a mux
// sends to add a slash, leads out of a link to a prefix, but not out of that of a
// cookie. To everybody without a valid link Handler answers 403: see [LinksOptions].
func (l *Links) Handler(next http.Handler) http.Handler {
	below := downloadview.Use(l.View)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		dropSharedPolicies(h) // of handlers outside
		h.Set("Referrer-Policy", "no-referrer")
		g, err := l.verify(r)
		if err != nil {
			h.Set("Cache-Control", "no-store")
			l.refuse(w, withoutLink(r, withoutTokens(r.URL.Path), ""), err)
			return
		}
		h.Set("Cache-Control", "private, max-age=0")
		if g.claim != nil {
			l.serveCounted(w, l.admitted(r, g), g.claim, below)
			return
		}
		below.ServeHTTP(w, l.admitted(r, g))
	})
}

func (l *Links) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if l.o.Logger != nil {
		level, text := slog.LevelInfo, "link refused"
		if _, ok := errors.AsType[*LinkError](err); !ok && r.Context().Err() == nil {
			level, text = slog.LevelError, "link not checked" // a store failed, not the client
		}
		l.o.Logger.LogAttrs(r.Context(), level, text, slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	status := downloadview.StatusCode(err)
	addFields(w.Header(), err, status)
	if l.o.Refused != nil {
		l.o.Refused(w, r, err)
		return
	}
	downloadview.WriteError(w, r, status)
}

// addFields adds to h the fields of err, which is answered with status, as the handler of
// a view does. A Location is for no other status than that of err.
func addFields(h http.Header, err error, status int) {
	e, ok := errors.AsType[*downloadview.StatusError](err)
	if !ok {
		return
	}
	for key, values := range e.Header {
		key = http.CanonicalHeaderKey(key)
		for _, v := range values {
			if !slices.Contains(h[key], v) && (key != "Location" || e.Status == status) {
				h[key] = append(slices.Clip(h[key]), v)
			}
		}
	}
}

// View is a [downloadview.Middleware]: the view is asked only where the request has a
// valid link, or came through [Links.Handler] of the same Links. Its Response gets the
// name and the disposition that the link has; Cache-Control is private, with a max-age
// that is not longer than the link is valid. Other requests are a *[LinkError], which
// the handler answers with 403.
//
// The view's request has no token, but handlers outside see it. Prefer Handler where
// they log.
func (l *Links) View(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		a, ok := r.Context().Value(admissionKey{}).(*admission)
		if !ok || a.by != l {
			g, err := l.verify(r)
			if err != nil {
				return downloadview.Response{}, refusalOf(err)
			}
			r = l.admitted(r, g)
			a = &admission{l, g}
		}
		if a.grant.claim != nil {
			a.grant.claim.viewed.Store(true)
		}
		resp, err := next.Respond(r)
		if err != nil {
			return resp, err
		}
		resp = a.grant.apply(resp, l.now())
		if a.grant.claim != nil {
			resp = resp.WithGate(l.gateFor(a.grant.claim, &resp))
		}
		return resp, nil
	})
}

// refusalOf returns err with the header that its answer has.
func refusalOf(err error) error {
	if _, ok := errors.AsType[*LinkError](err); !ok {
		return err
	}
	return &downloadview.StatusError{
		Status: http.StatusForbidden, Err: err,
		Header: http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}},
	}
}

// An admission says in a request's context that its link was valid.
type admission struct {
	by    *Links
	grant link
}

type admissionKey struct{}

// admitted returns the request that those below see.
func (l *Links) admitted(r *http.Request, g link) *http.Request {
	r = r.WithContext(context.WithValue(r.Context(), admissionKey{}, &admission{l, g}))
	_, path, _ := cutToken(r.URL.Path)
	return withoutLink(r, path, g.query)
}

// apply returns resp as the link has it.
func (g *link) apply(resp downloadview.Response, now time.Time) downloadview.Response {
	if g.name != "" {
		resp.Name = g.name
	}
	switch g.disposition {
	case "attachment":
		resp.Disposition = downloadview.Attachment
	case "inline":
		if resp.Disposition != downloadview.InlineActive {
			resp.Disposition = downloadview.Inline
		}
	}
	rest := int64(g.end().Sub(now) / time.Second)
	resp.CacheControl = cachedAtMost(resp.CacheControl, max(rest, 0))
	resp = resp.WithHeader("Referrer-Policy", "no-referrer")
	dropSharedPolicies(resp.Header) // of the copy that WithHeader made
	return resp
}

// dropSharedPolicies removes the fields that shared caches follow in place of Cache-Control.
func dropSharedPolicies(h http.Header) {
	for key := range h {
		switch name := http.CanonicalHeaderKey(key); name {
		case "Surrogate-Control", "X-Accel-Expires", "Edge-Control", "X-Litespeed-Cache-Control":
			delete(h, key)
		default:
			if strings.HasSuffix(name, "Cdn-Cache-Control") {
				delete(h, key)
			}
		}
	}
}

// cachedAtMost returns a Cache-Control that is private, and no longer than rest
// seconds. "" is the usual policy.
func cachedAtMost(policy string, rest int64) string {
	if policy == "" || strings.Contains(policy, `"`) { // a quoted list of fields
		return "private, no-cache"
	}
	kept := []string{"private"}
	bounded := false
	for directive := range strings.SplitSeq(policy, ",") {
		directive = strings.TrimSpace(directive)
		name, value, _ := strings.Cut(strings.ToLower(directive), "=")
		switch name {
		case "", "private", "public", "s-maxage", "stale-while-revalidate", "stale-if-error":
		case "max-age":
			age, err := strconv.ParseInt(value, 10, 64)
			if err != nil || age < 0 {
				age = 0
			}
			if !bounded {
				kept = append(kept, "max-age="+strconv.FormatInt(min(age, rest), 10))
			}
			bounded = true
		case "no-store", "no-cache":
			bounded = true
			kept = append(kept, name)
		default:
			kept = append(kept, directive)
		}
	}
	if !bounded {
		kept = append(kept, "max-age="+strconv.FormatInt(rest, 10))
	}
	return strings.Join(kept, ", ")
}
