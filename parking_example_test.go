package downloadview_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// A server whose slow clients take little memory. It waits for their downloads when it
// stops, but not longer than a minute.
func ExampleParking() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), make([]byte, 1_000_000), 0o600); err != nil {
		panic(err)
	}
	media, err := disk.Open(dir, nil)
	if err != nil {
		panic(err)
	}
	defer media.Close()

	parking := downloadview.NewParking(nil)
	files := downloadview.NewHandler(downloadview.StorageView{Storage: media, Key: downloadview.PathKey("/")}, nil)
	server := &http.Server{
		Handler:     parking.Handler(files),
		ConnContext: downloadview.ConnContext,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(downloadview.EndStalled(l, time.Minute))

	resp, err := http.Get("http://" + l.Addr().String() + "/large.bin")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, len(body), err)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if server.Shutdown(ctx) != nil || parking.Shutdown(ctx) != nil {
		server.Close()
		parking.Close()
	}
	// Output: 200 1000000 <nil>
}

// Middleware that counts downloads which are open.
func ExampleAfterAnswer() {
	open := make(chan struct{}, 100)
	counted := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			open <- struct{}{}
			defer downloadview.AfterAnswer(r, func() { <-open })
			next.ServeHTTP(w, r)
		})
	}
	counted(http.NotFoundHandler()).ServeHTTP(discard{}, &http.Request{})
	fmt.Println(len(open))
	// Output: 0
}

type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) WriteHeader(int)             {}
func (discard) Write(p []byte) (int, error) { return len(p), nil }
