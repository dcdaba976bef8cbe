package command

import (
	"context"
	"net/http"
	"strings"
)

// A linkedPage is what the page of a folder has to know of a request that needs a link.
type linkedPage struct {
	query  pageQuery // how the page is sorted, which a link doesn't sign
	levels int       // how many folders further up the link is for
	below  bool      // the link is for all files below a folder

	// refused says that the link was used up when the page was about to begin. The
	// refusal was then sent and logged in place of the page.
	refused bool
}

type linkedPageKey struct{}

// linkedPageOf returns the linkedPage in the context of r, or nil.
func linkedPageOf(r *http.Request) *linkedPage {
	p, _ := r.Context().Value(linkedPageKey{}).(*linkedPage)
	return p
}

// withPage returns r with its linkedPage in the context, if the link of r is valid. The
// handler of links removes parameters that a link doesn't sign; those that sort a page
// show nothing more.
func (g *guarded) withPage(r *http.Request) *http.Request {
	info, err := g.links.Inspect(r)
	if err != nil {
		return r
	}
	path, _ := belowToken(r.URL.Path)
	p := &linkedPage{query: parsePageQuery(r.URL.RawQuery)}
	if p.below = info.Prefix; p.below {
		p.levels = strings.Count(strings.TrimPrefix(path, info.Path), "/")
	}
	return r.WithContext(context.WithValue(r.Context(), linkedPageKey{}, p))
}

// pageOf returns a page of a folder for a request. If the request needed a link, the
// page has no links to folders further up than that is for.
func pageOf(w http.ResponseWriter, r *http.Request, folder string) *page {
	if p := linkedPageOf(r); p != nil {
		return newPage(w, folder, p.query, p.levels)
	}
	return newPage(w, folder, parsePageQuery(r.URL.RawQuery), strings.Count(folder, "/")+1)
}
