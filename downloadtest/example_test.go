package downloadtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/downloadtest"
)

// reportView stands for a view of an application. The storage is a parameter, so
// that a test can replace it.
func reportView(reports downloadview.Storage) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if r.Header.Get("Authorization") == "" {
			return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
		}
		f, err := reports.File("2026/" + r.PathValue("id") + ".pdf")
		return downloadview.Response{File: f, Name: "Report " + r.PathValue("id") + ".pdf"}, err
	})
}

func app(reports downloadview.Storage) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /reports/{id}", downloadview.NewHandler(reportView(reports), nil))
	return mux
}

// printer prints the messages that a *testing.T would report.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

var t printer

// This is the body of a func TestReport(t *testing.T). It tests a client that may
// have the file and one that may not.
func Example() {
	reports := downloadtest.Storage{Files: map[string]string{"2026/7.pdf": "%PDF"}}

	resp := downloadtest.Do(app(reports), "GET", "/reports/7", "Authorization: Bearer x")
	downloadtest.Check(t, resp, downloadtest.Download{
		Name:        "Report 7.pdf",
		Type:        "application/pdf",
		Disposition: downloadtest.Attachment,
		Content:     "%PDF",
	})
	resp = downloadtest.Do(app(reports), "GET", "/reports/7", "Authorization: Bearer x", "Range: bytes=1-2")
	downloadtest.Check(t, resp, downloadtest.Download{Range: "bytes 1-2/4", Content: "PD"})

	resp = downloadtest.Do(app(reports), "GET", "/reports/7")
	downloadtest.Check(t, resp, downloadtest.Download{Status: http.StatusForbidden})
	fmt.Println("all as wanted")

	downloadtest.Check(t, resp, downloadtest.Download{Name: "7.pdf", Content: "%PDF"})
	// Output:
	// all as wanted
	// status: got 403, want 200
	// name: got none, want "7.pdf"
	// content: got 10 bytes, want 4; from byte 0 on: got "Forbidden\n", want "%PDF"
}

// The same view behind nginx. The storage is in memory; its Source is that of the
// rule.
func Example_accelerated() {
	reports := downloadtest.Storage{Source: downloadview.Source{Scheme: "file", Path: "/srv/reports"}}
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/reports", Destination: "/_reports/"}}, nil)
	if err != nil {
		panic(err)
	}
	accelerated := downloadview.Use(nginx.Middleware)(app(reports))

	resp := downloadtest.Do(accelerated, "GET", "/reports/7", "Authorization: Bearer x")
	downloadtest.Check(t, resp, downloadtest.Download{
		Name:     "Report 7.pdf",
		Location: "/_reports/2026/7.pdf",
	})
	fmt.Println("all as wanted")

	downloadtest.Check(t, resp, downloadtest.Download{Location: "/_reports/7.pdf"})
	downloadtest.Check(t, resp, downloadtest.Download{Streamed: true})
	// Output:
	// all as wanted
	// location: got "/_reports/2026/7.pdf", want "/_reports/7.pdf"
	// location: got "/_reports/2026/7.pdf" (X-Accel-Redirect), want it streamed
}

// A test calls the view without a handler. No file is opened.
func ExampleCheckDecision() {
	r := httptest.NewRequest("GET", "/reports/7", nil)
	r.Header.Set("Authorization", "Bearer x")
	r.SetPathValue("id", "7")

	resp, err := reportView(downloadtest.Storage{}).Respond(r)
	if err != nil {
		panic(err)
	}
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Key: "2026/7.pdf", Name: "Report 7.pdf", Type: "application/pdf"})
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Disposition: downloadtest.Inline, Rule: "reports"})
	// Output:
	// disposition: got "attachment", want "inline"
	// rule: got none, want "reports"
}

// The test makes the request itself, here a POST.
func ExampleRecord() {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := downloadtest.Storage{Files: map[string]string{"a.txt": "abc"}}.File("a.txt")
		if err != nil {
			panic(err)
		}
		downloadview.SendFile(w, r, f)
	})
	resp := downloadtest.Record(h, httptest.NewRequest("POST", "/", http.NoBody))
	downloadtest.Check(t, resp, downloadtest.Download{Content: "abcd"})
	// Output:
	// content: got 3 bytes, want 4; from byte 3 on: got the end, want "d"
}
