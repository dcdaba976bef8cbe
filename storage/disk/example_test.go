package disk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

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
	media := disk.New(root)

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
