package main

import (
	"net/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// newDemo returns the handler of the page and of all its downloads.
func newDemo(s *stock) (http.Handler, error) {
	shelf, err := newShelf(s)
	if err != nil {
		return nil, err
	}
	downloads := http.NewServeMux()
	for _, section := range shelf {
		for _, item := range section.Items {
			downloads.Handle("/"+item.Slug+"/{path...}", downloadview.NewHandler(item.View, nil))
		}
	}
	modes, err := modesOf(downloads, s)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", &page{shelf, modes})
	mux.Handle("/", downloads)
	return mux, nil
}

// A mode is a way to send responses: without a proxy, or with one.
type mode struct {
	Proxy   string // that stands in front; "": none
	Field   string // by which a file is handed over to it
	Handler http.Handler
}

// modesOf returns the downloads as this process answers them without a proxy, and as it
// answers each proxy.
func modesOf(downloads http.Handler, s *stock) ([]mode, error) {
	modes := []mode{{Handler: downloads}}
	for _, front := range []struct {
		proxy accel.Proxy
		rules []accel.Rule
	}{
		{accel.Nginx(), internalLocations(s)}, // another proxy is another line
	} {
		a, err := accel.New(front.proxy, front.rules, nil)
		if err != nil {
			return nil, err
		}
		modes = append(modes, mode{front.proxy.Name, front.proxy.Field, downloadview.Use(a.Middleware)(downloads)})
	}
	return modes, nil
}

// internalLocations are rules for proxies that find files by a URL path.
func internalLocations(s *stock) []accel.Rule {
	return []accel.Rule{
		{Name: "folder", Source: s.folder.Name(), Destination: "/_folder/", Headers: accel.PassSafety},
		{Name: "origin", Source: s.originURL.String(), Destination: "/_origin/"},
	}
}
