package accel

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
)

// To returns an [downloadview.Offloader] that hands every file over as the one
// at path below destination, for a view that knows better than the rules where
// the proxy finds its file. destination is as in a [Rule] for p; path is
// unescaped and relative.
//
// The proxy sends what is there, whatever the Response's File says; where it
// can't be told, the File is streamed.
func To(p Proxy, destination, path string) (downloadview.Offloader, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	encoded, err := p.Destination(destination)
	if err != nil {
		return nil, fmt.Errorf("accel: destination %q %w", destination, err)
	}
	if seg, odd := oddSegment(path); odd || strings.IndexByte(path, 0) >= 0 {
		return nil, fmt.Errorf("accel: path %q has a segment %q or a NUL in it; want a relative path such as %q", path, seg, "2026/report.pdf")
	}
	h := downloadview.Handover{Rule: destination, Terms: &p.Terms}
	if value, ok := p.Encode(encoded, path); ok {
		h.Field, h.Value = p.Field, value
	}
	return to{h}, nil
}

type to struct{ h downloadview.Handover }

func (t to) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	return t.h, true
}
