package doctor

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// evidence is what is known of an answer that is wrong.
type evidence struct {
	server string // without its version; "" where it isn't known
	name   string // with it

	field     string // by which the file was handed over, or should have been
	location  string // where the proxy has the files of the storage
	directory string // where they are

	got, direct answer

	reach     reach
	denied    bool // not for the file's own sake
	ownError  bool // the answer is the application's own error
	socket    string
	socketMay string // why nobody but its owner may connect to it; "": anybody may

	mistake  mistake
	cameBack bool // the proxy asked the application for the internal location
	hostile  bool // it is the name that is special; plain ones are sent
	long     bool // likewise, the header is
	handed   bool // the application hands over
	apart    bool // the proxy reaches the application for nothing
	signed   bool // a signed URL
	host     string
	site     string // its host
	prefix   string // of the storage's paths
}

func (e *exam) evidence(ctx context.Context, c canary, got, direct answer) evidence {
	ev := evidence{server: serverName(e.Server), name: e.Server, got: got, direct: direct, reach: e.reach, socket: e.socket, site: e.site.Hostname(), prefix: e.Prefix}
	ev.denied = e.denied && isDenied(got.status)
	ev.ownError = got.status >= 400 && got.isWitnessed() && !got.isHandedOver()
	h, src, ok := e.handover(ctx, c.key)
	_, hands := direct.header[h.Field]
	ev.handed = ok && (e.app == nil || hands)
	if ok {
		ev.field, ev.signed = h.Field, h.Link != nil
		ev.location = strings.TrimSuffix(strings.TrimSuffix(h.Value, c.key), escape(c.key))
		ev.directory = strings.TrimSuffix(src.Path, c.key)
	}
	if ev.signed {
		if u, err := url.Parse(direct.header.Get(h.Link.Field)); err == nil {
			ev.host = u.Hostname()
		}
	}
	if ev.handed && e.app != nil && got.status >= 400 && strings.HasPrefix(h.Value, "/") && h.Field == "X-Accel-Redirect" {
		again := e.ask(ctx, e.app, http.MethodGet, unescape(h.Value))
		ev.cameBack = again.err == nil && again.status == got.status && again.body == got.body && got.body != ""
	}
	if isGateway(got.status) {
		ev.apart = isGateway(e.get(ctx, e.folder+"/"+missingName).status) // no key, so the application answers
		ev.socketMay = closedSocket(e.socket)
	}
	return ev
}

func serverName(s string) string {
	s, _, _ = strings.Cut(s, "@")
	return s
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// words puts what is known into a sentence.
func (ev evidence) words(s string) string {
	location, directory := ev.location, ev.directory
	if location == "" {
		location = "the internal location"
	}
	if directory == "" {
		directory = "the storage's directory"
	}
	host := ev.host
	if host == "" {
		host = "the store's host"
	}
	field := ev.field
	if field == "" {
		field = "X-Accel-Redirect"
	}
	return strings.NewReplacer("SOCKETMAY", ev.socketMay, "SOCKET", ev.socket, "PREFIX", ev.prefix, "SITE", ev.site, "LOCATION", location, "SLASHLESS", strings.TrimSuffix(location, "/"), "DIRECTORY", directory, "FIELD", field, "HOST", host).Replace(s)
}

func (ev evidence) hostIsName() bool {
	_, err := netip.ParseAddr(ev.host)
	return ev.host != "" && err != nil
}

// A finding is what is wrong, and what to change.
type finding struct{ cause, change string }

// byServer chooses a finding by server; that for "" is of all others.
func (ev evidence) byServer(m map[string]finding) finding {
	f, ok := m[ev.server]
	if !ok {
		f = m[""]
	}
	return finding{ev.words(f.cause), ev.words(f.change)}
}

// diagnose returns the first finding of the table that fits.
func (ev evidence) diagnose() finding {
	for _, d := range diagnoses {
		if (d.server == "" || d.server == ev.server) && d.fits(ev) {
			return finding{ev.words(d.cause), ev.words(d.change)}
		}
	}
	return finding{} // the last line fits all
}
