package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// Any system can save the names that users gave to their uploads.
func ExampleCleanNames() {
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f := downloadview.FromString("uploads/17", "…", nil)
		return downloadview.Response{File: f, Name: r.URL.Query().Get("name")}, nil
	})
	h := downloadview.NewHandler(middleware.CleanNames(view), nil)

	for _, name := range []string{"Q1%3A+sales%3F.pdf", "nul.txt", "holiday%E2%80%AEgpj.exe", "setup.exe."} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/?name="+name, nil))
		fmt.Println(w.Header().Get("Content-Disposition"))
	}
	// Output:
	// attachment; filename="Q1- sales-.pdf"
	// attachment; filename="_nul.txt"
	// attachment; filename="holiday-gpj.exe"
	// attachment; filename="setup.exe"
}
