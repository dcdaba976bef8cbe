// Command plain serves the files of a directory.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

func handler(root *os.Root) http.Handler {
	files := downloadview.StorageView{Storage: disk.New(root, nil)}
	mux := http.NewServeMux()
	mux.Handle("/media/{path...}", downloadview.NewHandler(files, nil))
	return mux
}

func main() {
	root, err := os.OpenRoot("/srv/media")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler(root)))
}
