package iofs_test

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/iofs"
)

//go:embed testdata/site
var site embed.FS

// Files that are embedded in the program.
func Example() {
	files, err := fs.Sub(site, "testdata/site")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/site/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: iofs.New(files, nil)}, nil))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/site/docs/may.txt", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Disposition"))
	fmt.Print(w.Body)
	// Output:
	// 200 attachment; filename="may.txt"
	// all is well
}

// Members of an archive. A member that is stored uncompressed supports ranges.
func Example_zip() {
	archive, err := zip.NewReader(bytes.NewReader(photos), int64(len(photos)))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/photos/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: iofs.New(archive, nil)}, nil))

	for _, path := range []string{"/photos/sea.jpg", "/photos/list.csv"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Range", "bytes=-3")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Content-Disposition"), w.Body)
	}
	// Output:
	// 206 attachment; filename="sea.jpg" sea
	// 200 attachment; filename="list.csv" 1,the sea
}

var photos = func() []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	stored, err := w.CreateHeader(&zip.FileHeader{Name: "sea.jpg", Method: zip.Store})
	if err == nil {
		_, err = stored.Write([]byte("picture of the sea"))
	}
	if err != nil {
		log.Fatal(err)
	}
	deflated, err := w.Create("list.csv")
	if err == nil {
		_, err = deflated.Write([]byte("1,the sea"))
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}()
