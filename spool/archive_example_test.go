package spool_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/spool"
)

// An archive that many download, such as a release, is made once. Its entity tag names
// the versions of all its members, so it is the version of the spooled file. Those who
// come later get a local file.
func ExampleSpool_File() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	archives, err := spool.New(dir, &spool.Options{MaxBytes: 10 << 30})
	if err != nil {
		log.Fatal(err)
	}
	defer archives.Close()

	member := func(name, text, tag string) archive.Entry {
		return archive.Entry{Name: name, File: downloadview.FromString(name, text, &downloadview.Attributes{ETag: tag})}
	}
	release := func() downloadview.File {
		return archive.Zip("release.zip", archive.Of(member("LICENSE", "MIT\n", `"1"`), member("app", "…", `"7"`)), nil)
	}
	spooled := func(ctx context.Context) (downloadview.File, error) {
		f := release()
		fi, err := downloadview.Stat(ctx, f)
		if err != nil {
			return nil, err
		}
		return archives.File(spool.ID{Key: "release", Version: downloadview.AttributesOf(fi).ETag}, f)
	}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f, err := spooled(r.Context())
		return downloadview.Response{File: f}, err
	})

	h := downloadview.NewHandler(view, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/release", nil))
	fmt.Println(w.Code, w.Body.Len() == int(w.Result().ContentLength))

	r := httptest.NewRequest("GET", "/release", nil)
	r.Header.Set("Range", "bytes=0-1")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 true
	// 206 PK
}
