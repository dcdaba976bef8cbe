package middleware_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// Clients that ask get the SHA-256 of a file. It is computed ahead here; else the first
// request that asks for it has it computed.
func ExampleDigests() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hello\n"), 0o600)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	files := disk.New(root, nil)

	digests := middleware.NewDigests(nil, nil)
	defer digests.Close()
	if f, err := files.File("a.txt"); err == nil {
		digests.Compute(context.Background(), f)
	}
	h := downloadview.NewHandler(digests.View(downloadview.StorageView{Storage: files, Key: downloadview.PathKey("/")}), nil)

	for _, wants := range []string{"Want-Repr-Digest: sha-256=1", "Want-Digest: SHA-256"} {
		r := httptest.NewRequest("GET", "/a.txt", nil)
		var field, value string
		fmt.Sscanf(wants, "%s %s", &field, &value)
		r.Header.Set(field[:len(field)-1], value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Header().Get("Repr-Digest") + w.Header().Get("Digest"))
	}
	// Output:
	// sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:
	// SHA-256=WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=
}

// A client that gets a.css.gz decodes it, and checks that it has a.css.
func ExampleDigests_variants() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.WriteFile(filepath.Join(dir, "a.css"), []byte("hello\n"), 0o600)
	os.WriteFile(filepath.Join(dir, "a.css.gz"), []byte("gzip"), 0o600) // stands for what gzip makes
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	files := disk.New(root, nil)

	digests := middleware.NewDigests(nil, nil)
	defer digests.Close()
	if f, err := files.File("a.css"); err == nil {
		digests.Compute(context.Background(), f)
	}
	variants := middleware.NewVariants(files, nil)
	view := downloadview.StorageView{Storage: files, Key: downloadview.PathKey("/")}
	h := downloadview.NewHandler(digests.View(variants.View(view)), nil)

	r := httptest.NewRequest("GET", "/a.css", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Want-Unencoded-Digest", "sha-256=1")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println("Content-Encoding:", w.Header().Get("Content-Encoding"))
	fmt.Println("Unencoded-Digest:", w.Header().Get("Unencoded-Digest"))
	// Output:
	// Content-Encoding: gzip
	// Unencoded-Digest: sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:
}
