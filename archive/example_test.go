package archive_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A view that answers with everything that belongs to an order, from two storages.
func Example() {
	dir, err := os.MkdirTemp("", "invoices")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(dir+"/4711.pdf", []byte("an invoice"), 0o600); err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	invoices := disk.New(root, nil)
	photos := iofs.New(fstest.MapFS{
		"a1.jpg": {Data: []byte("a photo"), ModTime: time.Now().Add(-time.Hour)},
		"b2.jpg": {Data: []byte("another"), ModTime: time.Now().Add(-time.Hour)},
	}, nil)

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		invoice, err := invoices.File(r.PathValue("order") + ".pdf")
		if err != nil {
			return downloadview.Response{}, err
		}
		entries := []archive.Entry{{Name: "invoice.pdf", File: invoice}, {Name: "notes/"}}
		for i, key := range []string{"a1.jpg", "b2.jpg"} { // from a database, for example
			photo, err := photos.File(key)
			if err != nil {
				return downloadview.Response{}, err
			}
			entries = append(entries, archive.Entry{Name: fmt.Sprintf("photos/%d.jpg", i+1), File: photo})
		}
		return downloadview.Response{File: archive.Zip("order.zip", archive.Of(entries...), nil)}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{order}", downloadview.NewHandler(view, nil))
	server := httptest.NewServer(mux)
	defer server.Close()

	resp, err := http.Get(server.URL + "/orders/4711")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Header.Get("Content-Disposition"), resp.ContentLength, resp.Header.Get("Accept-Ranges"))
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range z.File {
		fmt.Println(f.Name, f.UncompressedSize64)
	}
	// Output:
	// attachment; filename="order.zip" 549 bytes
	// invoice.pdf 10
	// notes/ 0
	// photos/1.jpg 7
	// photos/2.jpg 7
}
