package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// exampleKeys would be ReadKeys("/etc/example/links.keys") in a program.
var exampleKeys, _ = middleware.ParseKeys("links.keys", []byte("2026 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"))

// A link in an e-mail: it needs no login, and works for a week.
func ExampleLinks_Sign() {
	links := middleware.NewLinks(exampleKeys, nil)
	link, err := links.Sign("/reports/17?lang=en", middleware.Grant{
		Expires: time.Now().Add(7 * 24 * time.Hour),
		Name:    "Q1 sales.pdf",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		fmt.Println("the view sees", r.URL)
		return downloadview.Response{File: downloadview.FromString("17", "…", nil)}, nil
	})
	h := links.Handler(downloadview.NewHandler(view, nil))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", link+"&utm_source=mail", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Disposition"))

	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", strings.Replace(link, "17", "18", 1), nil))
	fmt.Println(w.Code)
	// Output:
	// the view sees /reports/17?lang=en
	// 200 attachment; filename="Q1 sales.pdf"
	// 403
}

// The application's own page for links that are over; all else stays a plain 403.
func ExampleLinkError() {
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		Refused: func(w http.ResponseWriter, r *http.Request, err error) {
			if e, ok := errors.AsType[*middleware.LinkError](err); ok && e.Reason == middleware.LinkExpired {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintln(w, "This link is over. Ask for another one.")
				return
			}
			downloadview.WriteError(w, r, downloadview.StatusCode(err))
		},
	})
	h := links.Handler(http.NotFoundHandler())

	// Of 2026-09-21.
	const old = "/reports/17?dv=1.2026.1790000000.-."
	for _, link := range []string{old + "GBYCwwFoGhn4TZJR1VBCy4", old + "AAAAAAAAAAAAAAAAAAAAAA", "/reports/17"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", link, nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 403 This link is over. Ask for another one.
	// 403 Forbidden
	// 403 Forbidden
}

// A support page: what a link says that a customer has trouble with.
func ExampleLinks_Inspect() {
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		ClientIP: func(*http.Request) netip.Addr { return netip.MustParseAddr("198.51.100.1") },
	})
	link, err := links.Sign("/invoice.pdf", middleware.Grant{
		Expires: time.Now().Add(time.Hour),
		Network: netip.MustParsePrefix("192.0.2.0/24"),
		ID:      "customer-7",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := links.Inspect(httptest.NewRequest("GET", link, nil))
	fmt.Println(info.Path, "for", info.Network, "and", info.ID)
	fmt.Println(err)
	// Output:
	// /invoice.pdf for 192.0.2.0/24 and customer-7
	// link refused: other network (id "customer-7")
}
