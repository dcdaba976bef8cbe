package disk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing/iotest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

func Example() {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "report.txt"), []byte("all is well\n"), 0o644); err != nil {
		log.Fatal(err)
	}

	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	media := disk.New(root, nil)

	_, err = media.File("../secret")
	fmt.Println("outside:", errors.Is(err, fs.ErrInvalid))

	file, err := media.File("report.txt") // nothing is opened yet
	if err != nil {
		log.Fatal(err)
	}
	src, _ := downloadview.SourceOf(file)
	fmt.Println(src.Scheme, filepath.Base(src.Path))

	h, err := file.Open(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	if _, err := io.Copy(os.Stdout, h); err != nil {
		log.Fatal(err)
	}
	// Output:
	// outside: true
	// file report.txt
	// all is well
}

func ExampleFile() {
	_, err := disk.File("terms.pdf")
	fmt.Println(err)
	// Output:
	// disk: path "terms.pdf" is relative; want an absolute one
}

// After Save the file is there completely, or not at all.
func ExampleStorage_Save() {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	media := disk.New(root, nil)
	ctx := context.Background()

	if err := media.Save(ctx, "2026/report.txt", strings.NewReader("all is well\n")); err != nil {
		log.Fatal(err)
	}
	cut := io.MultiReader(strings.NewReader("all is"), iotest.ErrReader(io.ErrUnexpectedEOF))
	err = media.Save(ctx, "2026/report.txt", cut)
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))

	content, err := fs.ReadFile(root.FS(), "2026/report.txt")
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// true
	// all is well
	// <nil>
}

// Public files have a URL, so the application need not send them.
func ExampleNew() {
	root, err := os.OpenRoot(".")
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	media := disk.New(root, &disk.Options{
		BaseURL: &url.URL{Scheme: "https", Host: "cdn.example.com", Path: "/media/"},
	})
	fmt.Println(media.URL(context.Background(), "2026/annual report.pdf"))
	// Output:
	// https://cdn.example.com/media/2026/annual%20report.pdf <nil>
}
