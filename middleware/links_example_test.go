package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
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

// A video with a playlist: the link is to the folder, so that the player may fetch what
// the playlist names by relative links.
func ExampleLinks_SignPrefix() {
	links := middleware.NewLinks(exampleKeys, nil)
	prefix, err := links.SignPrefix("/videos/17/", middleware.Grant{Expires: time.Now().Add(4 * time.Hour)})
	if err != nil {
		fmt.Println(err)
		return
	}

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		fmt.Println("the view sees", r.URL)
		return downloadview.Response{File: downloadview.FromString(path.Base(r.URL.Path), "…", nil), Disposition: downloadview.Inline}, nil
	})
	h := links.Handler(downloadview.NewHandler(view, nil))

	playlist, _ := url.Parse(prefix + "main.m3u8")
	for _, relative := range []string{"", "720p/part-1.ts", "../18/main.m3u8"} {
		u, _ := playlist.Parse(relative)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", u.String(), nil))
		fmt.Println(w.Code)
	}
	// Output:
	// the view sees /videos/17/main.m3u8
	// 200
	// the view sees /videos/17/720p/part-1.ts
	// 200
	// 403
}

// A link that was sent to the wrong customer is revoked by its ID.
func ExampleDenylist() {
	denied := middleware.NewDenylist(nil)
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{Revoked: denied.Revoked})
	h := links.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("invoice.pdf", "…", nil)}, nil
	}), nil))

	expires := time.Now().Add(24 * time.Hour)
	link, err := links.Sign("/invoices/17", middleware.Grant{Expires: expires, ID: "invoice-17"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", link, nil))
		fmt.Println(w.Code)
		if err := denied.Revoke("invoice-17", expires); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 200
	// 403
}

// A link for the network of one customer.
func ExampleGrant_network() {
	links := middleware.NewLinks(exampleKeys, nil)
	link, err := links.Sign("/exports/all.zip", middleware.Grant{
		Expires: time.Now().Add(24 * time.Hour),
		Network: netip.MustParsePrefix("198.51.100.0/24"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := links.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("all.zip", "…", nil)}, nil
	}), nil))

	for _, client := range []string{"198.51.100.7:50000", "203.0.113.7:50000"} {
		r := httptest.NewRequest("GET", link, nil)
		r.RemoteAddr = client
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 403
}

// The URLs of a storage are links, for an hour each. It is on local disk here.
func ExampleNewSignedStorage() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()

	links := middleware.NewLinks(exampleKeys, nil)
	media := middleware.NewSignedStorage(disk.New(root, nil), links, &url.URL{Path: "/media/"}, nil)
	view := &downloadview.StorageView{Storage: media, Key: downloadview.PathKey("/media/")}
	h := links.Handler(downloadview.NewHandler(view, nil))

	ctx := context.Background()
	if err := downloadview.Save(ctx, media, "2026/Q1 sales.pdf", strings.NewReader("…")); err != nil {
		log.Fatal(err)
	}
	link, err := downloadview.URL(ctx, media, "2026/Q1 sales.pdf")
	if err != nil {
		log.Fatal(err)
	}
	plain, _, _ := strings.Cut(link, "?")
	for _, target := range []string{link, plain} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(plain, w.Code)
	}
	// Output:
	// /media/2026/Q1%20sales.pdf 200
	// /media/2026/Q1%20sales.pdf 403
}

// The page with the player lets its user's browser fetch the video, and nobody else.
func ExampleLinks_Cookie() {
	links := middleware.NewLinks(exampleKeys, nil)
	video := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString(path.Base(r.URL.Path), "…", nil), Disposition: downloadview.Inline}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("/videos/", links.Handler(downloadview.NewHandler(video, nil)))
	mux.HandleFunc("/watch/17", func(w http.ResponseWriter, _ *http.Request) { // behind the login
		cookie, err := links.Cookie("/videos/17/", middleware.Grant{Expires: time.Now().Add(4 * time.Hour)})
		if err != nil {
			http.Error(w, "no video", http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, cookie)
		fmt.Fprint(w, `<video src="/videos/17/film.mp4" controls></video>`)
	})
	srv := httptest.NewTLSServer(mux)
	defer srv.Close()

	browser := srv.Client()
	browser.Jar, _ = cookiejar.New(nil)
	for _, page := range []string{"/videos/17/film.mp4", "/watch/17", "/videos/17/film.mp4", "/videos/18/film.mp4"} {
		resp, err := browser.Get(srv.URL + page)
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		fmt.Println(page, resp.StatusCode)
	}
	// Output:
	// /videos/17/film.mp4 403
	// /watch/17 200
	// /videos/17/film.mp4 200
	// /videos/18/film.mp4 403
}
