package downloadview_test

import (
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

// A server that ends downloads of clients which read nothing for a minute, and sends the
// header of an answer in one packet with the beginning of the file.
func ExampleConnContext() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), make([]byte, 100_000), 0o600); err != nil {
		panic(err)
	}
	media, err := disk.Open(dir, nil)
	if err != nil {
		panic(err)
	}
	defer media.Close()

	server := &http.Server{
		Handler:     downloadview.NewHandler(downloadview.StorageView{Storage: media, Key: downloadview.PathKey("/")}, nil),
		ConnContext: downloadview.ConnContext,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(downloadview.EndStalled(l, time.Minute))
	defer server.Close()

	resp, err := http.Get("http://" + l.Addr().String() + "/large.bin")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, len(body), err)
	// Output: 200 100000 <nil>
}
