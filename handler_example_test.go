package downloadview_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
)

// The application writes its own page for missing files; WriteError answers all other
// errors as the handler does.
func ExampleWriteError() {
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if r.URL.Path == "/secret" {
			return downloadview.Response{}, fs.ErrPermission
		}
		return downloadview.Response{}, fs.ErrNotExist
	})
	h := downloadview.NewHandler(view, &downloadview.Options{
		Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			if status != http.StatusNotFound {
				downloadview.WriteError(w, r, status)
				return
			}
			w.WriteHeader(status)
			io.WriteString(w, "We have no such file.\n")
		},
	})
	for _, path := range []string{"/missing", "/secret"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 404 We have no such file.
	// 403 Forbidden
}
