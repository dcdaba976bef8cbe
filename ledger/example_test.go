package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

// A program reads nginx's log, and remembers how far it is. A line that was cut off is
// left out.
func ExampleFollow() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "downloads.log")
	const lines = `downloadview/nginx 1795694400.500 0.500 TCFS GET 206 5 400 "OK" "bytes 0-4/10" "5" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"
downloadview/nginx 1795694401.000 0.500 TCFS GET 206 5 400 "OK" "bytes 5-9/10" "5" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"
downloadview/nginx 1795694401.500 0.5
`
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	entries := ledger.NewMemory(nil)
	var position ledger.Position // of the last run
	err = ledger.Follow(ctx, path, position, func(line []byte, at ledger.Position) error {
		err := ledger.AddLineAt(ctx, entries, line, at)
		if wrong, ok := errors.AsType[*ledger.LineError](err); ok {
			fmt.Println(wrong)
			stop() // only because the example ends here
			err = nil
		}
		position = at // to be saved
		return err
	}, nil)
	if err != nil {
		panic(err)
	}
	for _, e := range entries.Entries() {
		fmt.Println(e.Subject, e.Name, e.Bytes, e.Complete, position.Offset == int64(len(lines)))
	}
	// Output:
	// line of a log: it has 2 words, want 13
	// 192.0.2.7 /_media/a.pdf 10 true true
}
