package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// At most 200 downloads at once, and 4 of each client. Up to 50 more requests wait for
// their turn, for at most 5 seconds.
func ExampleDownloadLimit() {
	clients := middleware.NewClients(nil)
	limit := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{
		Most:       200,
		MostPerKey: 4,
		Key:        clients.Key,
		Queue:      50,
		Wait:       5 * time.Second,
	})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.txt", "text", nil)}, nil
	})
	h := limit.Handler(downloadview.NewHandler(view, nil))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, limit.Open())

	limit.Change(400, 8) // while it is in use
	// Output:
	// 200 0
}
