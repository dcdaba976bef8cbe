package spool

import (
	"fmt"
	"net/http"
	"time"

	"github.com/downloadview/downloadview"
)

// Middleware spools the content of a view. identify returns the ID for the response
// of the inner view; with an empty key the response stays as it is. An error ends
// the request.
//
// identify is called for each request after the inner view has allowed it. The ID
// must name everything that the bytes depend on, such as the user or the language.
func (s *Spool) Middleware(identify func(r *http.Request, resp downloadview.Response) (ID, error)) downloadview.Middleware {
	return func(v downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := v.Respond(r)
			if err != nil || resp.File == nil {
				return resp, err
			}
			id, err := identify(r, resp)
			if err != nil || id.Key == "" {
				return resp, err
			}
			return s.Response(r, id, resp)
		})
	}
}

// Response returns resp with its file spooled, as [Spool.File] does, and with the
// field Cache-Status (RFC 9211), which says what the spool knows at this time:
//
//	Cache-Status: downloadview; hit
//	Cache-Status: downloadview; fwd=uri-miss; collapsed
//
// "hit" is complete content, with "ttl" if there is Options.MaxAge; "uri-miss" is
// content that this request begins to make, "collapsed" means that it follows one
// that has begun, and "bypass" is content that is known to be too large.
func (s *Spool) Response(r *http.Request, id ID, resp downloadview.Response) (downloadview.Response, error) {
	f, err := s.File(id, resp.File)
	if err != nil {
		return downloadview.Response{}, err
	}
	resp.File = f
	header := resp.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Add("Cache-Status", "downloadview; "+s.status(r, id.name()))
	resp.Header = header
	return resp, nil
}

// status returns the parameters of Cache-Status.
func (s *Spool) status(r *http.Request, name string) string {
	if r, err := s.statKept(name); err == nil {
		if s.options.MaxAge == 0 {
			return "hit"
		}
		left := s.options.MaxAge - time.Since(r.Made)
		return fmt.Sprintf("hit; ttl=%d", left/time.Second)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.unfit[name]:
		return "fwd=bypass; detail=too-large"
	case s.making[name] != nil:
		return "fwd=uri-miss; collapsed"
	case r.Method == http.MethodGet:
		return "fwd=uri-miss; stored"
	}
	return "fwd=uri-miss"
}
