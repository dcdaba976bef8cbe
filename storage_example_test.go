package downloadview_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// media returns a storage over a temporary folder, whose files are public below
// https://cdn.example.com/media/.
func media() (s downloadview.Storage, remove func()) {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	base := &url.URL{Scheme: "https", Host: "cdn.example.com", Path: "/media/"}
	return disk.New(root, &disk.Options{BaseURL: base}), func() {
		root.Close()
		os.RemoveAll(dir)
	}
}

func ExampleSave() {
	s, remove := media()
	defer remove()
	ctx := context.Background()

	if err := downloadview.Save(ctx, s, "2026/report.txt", strings.NewReader("all is well\n")); err != nil {
		log.Fatal(err)
	}
	f, err := s.File("2026/report.txt")
	if err != nil {
		log.Fatal(err)
	}
	fi, err := downloadview.Stat(ctx, f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fi.Name(), fi.Size())
	// Output: report.txt 12
}

func ExampleExists() {
	s, remove := media()
	defer remove()
	ctx := context.Background()

	fmt.Println(downloadview.Exists(ctx, s, "report.txt"))
	if err := downloadview.Save(ctx, s, "report.txt", strings.NewReader("all is well\n")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.Exists(ctx, s, "report.txt"))
	fmt.Println(downloadview.Exists(ctx, s, "../../etc/passwd"))
	// Output:
	// false <nil>
	// true <nil>
	// false <nil>
}

func ExampleDelete() {
	s, remove := media()
	defer remove()
	ctx := context.Background()

	if err := downloadview.Save(ctx, s, "report.txt", strings.NewReader("all is well\n")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.Delete(ctx, s, "report.txt"))
	err := downloadview.Delete(ctx, s, "report.txt")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// <nil>
	// true
}

func ExampleTimesOf() {
	s, remove := media()
	defer remove()
	ctx := context.Background()

	if err := downloadview.Save(ctx, s, "report.txt", strings.NewReader("all is well\n")); err != nil {
		log.Fatal(err)
	}
	times, err := downloadview.TimesOf(ctx, s, "report.txt")
	if err != nil { // errors.ErrUnsupported where the system doesn't know
		log.Fatal(err)
	}
	fmt.Println(time.Since(times.Modified) < time.Hour)
	// Output: true
}

func ExampleURL() {
	s, remove := media()
	defer remove()
	fmt.Println(downloadview.URL(context.Background(), s, "2026/100% done?.pdf"))
	// Output: https://cdn.example.com/media/2026/100%25%20done%3F.pdf <nil>
}

func ExamplePath() {
	s, remove := media()
	defer remove()
	path, err := downloadview.Path(s, "2026/report.pdf")
	fmt.Println(filepath.IsAbs(path), filepath.Base(path), err)
	// Output: true report.pdf <nil>
}

// A missing token file doesn't mean that the requested file is missing.
func ExampleAsCause() {
	_, err := os.Open("no/such/token")
	err = fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(err))
	fmt.Println(errors.Is(err, fs.ErrNotExist), downloadview.StatusCode(err))
	// Output: false 502
}
