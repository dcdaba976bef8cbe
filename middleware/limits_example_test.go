package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// All downloads share 100 MB a second, and those of one client at most 10 MB.
func ExampleRateLimit() {
	clients := middleware.NewClients(nil)
	all := middleware.NewRateLimit(100_000_000, nil)
	each := middleware.NewRateLimit(10_000_000, &middleware.RateLimitOptions{Key: clients.Key})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /a.txt", func(w http.ResponseWriter, r *http.Request) {
		downloadview.SendFile(w, r, downloadview.FromString("a.txt", "text", nil))
	})
	h := downloadview.Use(all.View, each.View)(mux)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/a.txt", nil))
	fmt.Println(w.Code, w.Body)

	each.Change(20_000_000) // while it is in use
	// Output:
	// 200 text
}

// Paying users have eight downloads at once, at full speed. Everybody else has one at
// 200 kB a second, and together they leave most of the server to the paying ones. nginx
// keeps to the speed, too, if it sends the file.
func Example_freeAndPayingUsers() {
	user := func(r *http.Request) string { return r.Header.Get("User") } // of the session
	pays := func(r *http.Request) bool { return user(r) == "ann" }

	paying := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{MostPerKey: 8, Key: user})
	free := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{
		Most: 100, MostPerKey: 1, Key: middleware.NewClients(nil).Key,
	})
	slow := func(v downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := v.Respond(r)
			if !pays(r) {
				resp.LimitRate = 200_000
			}
			return resp, err
		})
	}
	view := slow(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		fmt.Println(user(r), "downloads", paying.Open(), free.Open())
		return downloadview.Response{File: downloadview.FromString("a.txt", "text", nil)}, nil
	}))

	downloads := downloadview.NewHandler(view, nil)
	ofPaying, ofFree := paying.Handler(downloads), free.Handler(downloads)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pays(r) {
			ofPaying.ServeHTTP(w, r)
			return
		}
		ofFree.ServeHTTP(w, r)
	})

	for _, name := range []string{"ann", "bob"} {
		r := httptest.NewRequest("GET", "/a.txt", nil)
		r.Header.Set("User", name)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// ann downloads 1 0
	// bob downloads 0 1
}
