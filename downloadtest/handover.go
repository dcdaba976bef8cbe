package downloadtest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies"
)

// A handover is a header field of an answer that makes a proxy send a file.
type handover struct{ field, raw string }

func handovers(h http.Header) (found []handover) {
	for _, field := range proxies.Fields() {
		for _, value := range h.Values(field) {
			found = append(found, handover{field, value})
		}
	}
	return found
}

// location returns the value of the field as the proxy understands it, see
// [Download].
func (h handover) location() string {
	if !proxies.IsLocation(h.field) {
		return h.raw
	}
	path, query, hasQuery := strings.Cut(h.raw, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return h.raw
	}
	if hasQuery {
		decoded += "?" + query
	}
	return decoded
}

// handedOver compares the location for a proxy.
func (p *problems) handedOver(found []handover, location, raw string, streamed bool) {
	if len(found) > 1 {
		for _, h := range found[1:] {
			p.addf("location: got %s %q besides %s %q, want one", h.field, h.raw, found[0].field, found[0].raw)
		}
	}
	var first handover
	if len(found) > 0 {
		first = found[0]
	}
	p.differ("location", first.location(), location)
	p.differ("raw location", first.raw, raw)
	if streamed && first.field != "" {
		p.addf("location: got %q (%s), want it streamed", first.location(), first.field)
	}
}

// wellHandedOver reports what an answer with a location must not have.
func (p *problems) wellHandedOver(resp *http.Response, content string) {
	if len(handovers(resp.Header)) == 0 {
		return
	}
	if resp.StatusCode != http.StatusOK {
		p.addf("location: got one with status %d, want none: the proxy would send the file", resp.StatusCode)
	}
	if content != "" {
		p.addf("content: got %d bytes beside a location, want none", len(content))
	}
	if n := resp.Header.Get("Content-Length"); n != "" && n != "0" {
		p.addf("header Content-Length: got %q beside a location, want none", n)
	}
	if r := resp.Header.Get("Content-Range"); r != "" {
		p.addf("header Content-Range: got %q beside a location, want none", r)
	}
}
