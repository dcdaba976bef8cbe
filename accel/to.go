package accel

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
)

// To returns a [downloadview.Offloader] that hands every file over as the file at
// path below r.Destination. It is for a view that itself knows where the proxy finds
// its file. path is relative and not percent-encoded.
//
// The proxy sends the file at path, whatever the File of the Response is. If the
// proxy's header field can't carry path, or the request doesn't come from the proxy
// ([Options.From]), the File is streamed. r must have no Source and no Signed. If r
// has no Name, its Name is its Destination. Errors are [*RuleError]s.
func (a *Accelerator) To(r Rule, path string) (downloadview.Offloader, error) {
	if r.Name == "" {
		r.Name = r.Destination
	}
	made, unfit := a.makeTo(r, path)
	if unfit != nil {
		return nil, unfit
	}
	t := to{from: a.from, h: downloadview.Handover{Rule: made.name, Terms: &made.terms}}
	if value, ok := made.location(path); ok {
		t.field, t.value = made.field, value
	} else {
		t.h.Obstacle = downloadview.OddName
	}
	return t, nil
}

func (a *Accelerator) makeTo(r Rule, path string) (*rule, *RuleError) {
	switch {
	case r.Source != "":
		return nil, wrong("Source", "source %q is set, but To hands over every file; leave it empty", r.Source)
	case r.Signed != nil:
		return nil, wrong("Signed", "Signed is set, but To can't hand over signed URLs; leave it nil")
	}
	if seg, odd := oddSegment(path); odd || strings.IndexByte(path, 0) >= 0 {
		return nil, wrong("", "path %q has a segment %q or a NUL in it; want a relative path such as %q", path, seg, "2026/report.pdf")
	}
	p, err := a.proxyOf(&r)
	if err != nil {
		return nil, wrong("Proxy", "%w", err)
	}
	return r.make(p, local)
}

type to struct {
	from         From
	h            downloadview.Handover
	field, value string
}

func (t to) Offload(r *http.Request, _ downloadview.Source) (downloadview.Handover, bool) {
	h := t.h
	if t.from.excludes(r) {
		h.Obstacle = downloadview.NotTheProxy
	} else {
		h.Field, h.Value = t.field, t.value
	}
	return h, true
}
