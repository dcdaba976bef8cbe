package doctor

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// evidence has what is known about a wrong answer and about the server.
type evidence struct {
	room.Evidence
	proxy proxies.Proxy // the zero value if it isn't known
}

func (e *exam) evidence(ctx context.Context, c canary, got, direct answer) evidence {
	ev := evidence{proxy: e.proxy, Evidence: room.Evidence{
		Got: got.said(), Direct: direct.said(), Reach: e.reach, Socket: e.socket, Site: e.site.Hostname(), Prefix: e.Prefix,
		AsksAgain: e.proxy.AsksAgain,
	}}
	ev.Denied = e.denied && room.IsDenied(got.status)
	ev.OwnError = got.status >= 400 && got.isWitnessed() && !got.isHandedOver()
	h, src, ok := e.handover(ctx, c.key)
	_, hands := direct.header[h.Field]
	ev.Handed = ok && (e.app == nil || hands)
	if ok {
		ev.Field, ev.Signed = h.Field, h.Link != nil
		ev.Location = strings.TrimSuffix(strings.TrimSuffix(h.Value, c.key), escape(c.key))
		ev.Directory = strings.TrimSuffix(src.Path, c.key)
	}
	if ev.Signed {
		if u, err := url.Parse(direct.header.Get(h.Link.Field)); err == nil {
			ev.Host = u.Hostname()
		}
	}
	if ev.Handed && e.app != nil && got.status >= 400 && strings.HasPrefix(h.Value, "/") && proxies.IsLocation(h.Field) {
		again := e.ask(ctx, e.app, http.MethodGet, unescape(h.Value))
		ev.CameBack = again.err == nil && again.status == got.status && again.body == got.body && got.body != ""
	}
	if room.IsGateway(got.status) {
		// The path is no valid key, so the application itself answers.
		ev.Apart = room.IsGateway(e.get(ctx, e.folder+"/"+missingName).status)
		ev.SocketMay = closedSocket(e.socket)
	}
	return ev
}

// proxyOf returns the proxy called name, or the zero value if it isn't known. A
// version that can't be parsed is ignored.
func proxyOf(name string) proxies.Proxy {
	p, err := proxies.Find(name)
	if err != nil {
		server, _, _ := strings.Cut(name, "@")
		p, _ = proxies.Find(server)
	}
	return p
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// A finding says what is wrong and what to change.
type finding struct{ cause, change string }
