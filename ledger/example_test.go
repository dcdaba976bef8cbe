package ledger_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
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
