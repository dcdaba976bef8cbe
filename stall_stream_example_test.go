package downloadview_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downloadview/downloadview"
)

// A server of HTTP/2 ends clients that stop reading, whether they do so with a whole
// connection or with one stream of it.
func ExampleEndStalledStreams() {
	files := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "by ", r.Proto) })
	server := httptest.NewUnstartedServer(downloadview.EndStalledStreams(time.Minute, 0)(files))
	server.Listener = downloadview.EndStalled(server.Listener, time.Minute)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	resp, err := server.Client().Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Proto)
	// Output: 200 OK HTTP/2.0
}
