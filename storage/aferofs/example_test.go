package aferofs_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/aferofs"
)

func ExampleNew() {
	fsys := afero.NewMemMapFs()
	if err := afero.WriteFile(fsys, "/reports/may.txt", []byte("all is well\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	reports := aferofs.New(fsys, &aferofs.Options{Dir: "/reports"})
	file, err := reports.File("may.txt") // nothing is opened yet
	if err != nil {
		log.Fatal(err)
	}
	h, err := file.Open(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	if _, err := io.Copy(os.Stdout, h); err != nil {
		log.Fatal(err)
	}
	// Output: all is well
}

// If the storage knows where the files are, a proxy can send them.
func ExampleOptions_source() {
	media := aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), "/srv/media"), &aferofs.Options{
		Source: downloadview.Source{Scheme: "file", Path: "/srv/media"},
	})
	file, err := media.File("2026/report.pdf")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.SourceOf(file))
	// Output: /srv/media/2026/report.pdf true
}
