package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
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

// Checksums are computed when files arrive. Then the members of a zip archive are in
// it as they are, and the kernel can send them.
func ExampleWarm() {
	known := archive.NewMemory(0) // in a program, a table that implements Checksums
	photos := iofs.New(fstest.MapFS{"a1.jpg": {Data: []byte("a photo"), ModTime: time.Now().Add(-time.Hour)}},
		&iofs.Options{Source: downloadview.Source{Scheme: "photos", Host: "site", Path: ""}})
	photo, err := photos.File("a1.jpg")
	if err != nil {
		log.Fatal(err)
	}
	entries := archive.Of(archive.Entry{File: photo})
	for _, when := range []string{"before", "after"} {
		fi, err := downloadview.Stat(context.Background(), archive.Zip("photos.zip", entries, &archive.Options{Known: known}))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(when, fi.Size(), "bytes")
		if err := archive.Warm(context.Background(), entries, known); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// before 156 bytes
	// after 135 bytes
}

// Content that is made for a request has no size, so only a compressed archive can
// have it.
func ExampleCompressedZip() {
	report := downloadview.FromFunc("report.csv", func(_ context.Context, w io.Writer) error {
		for i := range 1000 {
			if _, err := fmt.Fprintf(w, "row %d\n", i); err != nil {
				return err
			}
		}
		return nil
	}, nil)
	f := archive.CompressedZip("reports.zip", archive.Of(archive.Entry{File: report}), &archive.Options{Level: 9})
	fi, err := downloadview.Stat(context.Background(), f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fi.Name(), fi.Size())
	// Output: reports.zip -1
}

// A tar archive of a folder, by a lazy sequence. Nothing but the listing is read to
// find the length.
func ExampleTar() {
	dir, err := os.MkdirTemp("", "folder")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"a.txt", "b.txt"} {
		if err := os.WriteFile(dir+"/"+name, []byte("0123456789"), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	storage := disk.New(root, nil)
	ctx := context.Background() // in a view, that of the request

	f := archive.Tar("folder.tar", func(yield func(archive.Entry, error) bool) {
		for fi, err := range storage.List(ctx, "") {
			if err != nil {
				yield(archive.Entry{}, err)
				return
			}
			file, err := storage.File(fi.Name())
			attributes := downloadview.AttributesOf(fi)
			if !yield(archive.Entry{File: file, Attributes: &attributes}, err) {
				return
			}
		}
	}, nil)
	fi, err := downloadview.Stat(ctx, f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fi.Size())
	// Output: 3072
}

// A view that lets nginx with mod_zip make the archive if it can, and makes it by
// itself otherwise.
func ExampleManifest() {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(dir+"/a b.txt", []byte("abc"), 0o600); err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	media := disk.New(root, nil)
	rules, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		log.Fatal(err)
	}

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f, err := media.File("a b.txt")
		if err != nil {
			return downloadview.Response{}, err
		}
		sum := uint32(0x352441c2) // from a database
		zip := archive.Zip("all.zip", archive.Of(archive.Entry{Name: "first.txt", File: f, CRC32: &sum}), nil)
		if m, ok, err := archive.Manifest(r, zip, rules); ok || err != nil {
			return m, err
		}
		return downloadview.Response{File: zip}, nil
	})
	w := httptest.NewRecorder()
	downloadview.NewHandler(view, nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("X-Archive-Files"), w.Body)
	// Output: zip 352441c2 3 /_media/a%20b.txt first.txt
}
