package accel

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
)

// To returns an [downloadview.Offloader] that hands every file over as the one
// at path below r.Destination, for a view that knows better than the rules where
// the proxy finds its file. path is unescaped and relative.
//
// The proxy sends what is there, whatever the Response's File says; where it
// can't be told, the File is streamed. Requests that don't come from where
// [Options.From] says are streamed, too. r has no Source and is not Signed; its
// Name, where it has none, is its Destination.
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
	}
	return t, nil
}

func (a *Accelerator) makeTo(r Rule, path string) (*rule, *RuleError) {
	switch {
	case r.Source != "":
		return nil, wrong("Source", "source %q of a file that is handed over wherever it lives; want none", r.Source)
	case r.Signed != nil:
		return nil, wrong("Signed", "signed URLs are for files that a rule covers by their source; want no Signed")
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
	if !t.from.excludes(r) {
		h.Field, h.Value = t.field, t.value
	}
	return h, true
}
