package ledger_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/middleware"
)

// Two ranges and a retry are one download of one user.
func Example() {
	entries := ledger.NewMemory(nil)
	l := ledger.New(entries, &ledger.Options{
		Subject: func(r *http.Request) string { user, _, _ := r.BasicAuth(); return user },
	})
	report := downloadview.FromString("report.txt", "0123456789", &downloadview.Attributes{ETag: `"v1"`})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: report}, nil
	})
	files := l.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe}))

	for _, piece := range []string{"bytes=0-4", "bytes=5-9", "bytes=5-9"} {
		r := httptest.NewRequest("GET", "/report.txt", nil)
		r.SetBasicAuth("ann", "secret")
		r.Header.Set("Range", piece)
		files.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, e := range entries.Entries() {
		fmt.Printf("%s got %s %s: %d bytes of %d in %d requests, complete: %v\n",
			e.Subject, e.Name, e.Version, e.Bytes, e.Size, e.Requests(), e.Complete)
	}
	// Output:
	// ann got report.txt "v1": 15 bytes of 10 in 3 requests, complete: true
}

// The subject is the ID of a signed link: all who use the link are one.
func ExampleOptions() {
	keys, err := middleware.ParseKeys("links.keys", []byte("2026 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"))
	if err != nil {
		panic(err)
	}
	links := middleware.NewLinks(keys, nil)
	entries := ledger.NewMemory(nil)
	l := ledger.New(entries, &ledger.Options{Subject: func(r *http.Request) string {
		link, _ := middleware.LinkOf(r)
		return link.ID
	}})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("report.txt", "0123456789", nil)}, nil
	})
	site := l.Handler(links.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe})))

	link, err := links.Sign("/report.txt", middleware.Grant{Expires: time.Now().Add(time.Hour), ID: "mail-17"})
	if err != nil {
		panic(err)
	}
	for range 2 {
		site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", link, nil))
	}
	site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/report.txt", nil)) // refused
	for _, e := range entries.Entries() {
		fmt.Println(e.Subject, e.Name, e.Requests(), e.Complete)
	}
	// Output:
	// mail-17 report.txt 2 true
}
