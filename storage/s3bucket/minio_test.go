package s3bucket_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/resume"
)

// Keys that MinIO's file system can't store are 404. The answers in testdata
// are those of its release of 2026-02-12, without fields that differ each time.
func TestKeysThatMinIORefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		key   string
		heads int // requests for what HEAD asks
	}{
		"empty-segment":   {"a//b", 1},
		"long-name":       {strings.Repeat("n", 256), 1},
		"dot-segment":     {"./a", 2}, // whose HEAD has no reason
		"below-an-object": {"q/b", 1},
		"folder":          {"e", 1},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, tt.key, tt.heads, func(w http.ResponseWriter, r *http.Request) {
				replay(t, w, filepath.Join("testdata", "minio", name+"."+strings.ToLower(r.Method)+".http"))
			})
		})
	}
}

// Other releases have more codes. They are listed here as MinIO has published
// them.
func TestKeysThatOtherMinIOsRefuse(t *testing.T) {
	for key, a := range map[string]struct {
		code, message string
		status        int
	}{
		"a/b": {"XMinioParentIsObject", "Object-prefix is already an object, please choose a different object-prefix name.", 400},
		"a":   {"XMinioObjectExistsAsDirectory", "Object name already exists as a directory.", 409},
	} {
		t.Run(a.code, func(t *testing.T) {
			refuses(t, key, 1, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/xml")
				w.Header().Set("Server", "MinIO")
				if r.Method == http.MethodHead {
					w.Header().Set("X-Minio-Error-Code", a.code)
					w.Header().Set("X-Minio-Error-Desc", fmt.Sprintf("%q", a.message))
				}
				w.WriteHeader(a.status)
				if r.Method == http.MethodGet {
					fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message><Key>x</Key><BucketName>bkt</BucketName></Error>", a.code, a.message)
				}
			})
		})
	}
}

// refuses checks that a key is missing if the store gives this answer, and that
// it isn't asked again. heads is the number of requests for the metadata alone.
func refuses(t *testing.T, key string, heads int, answer http.HandlerFunc) {
	t.Helper()
	asked := 0
	s := resume.New(fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(w, r)
	}), nil)
	url := buckettest.Serve(t, s)
	for method, want := range map[string]int{"GET": 1, "HEAD": heads} {
		asked = 0
		resp, _, err := buckettest.Get(t, method, url+"/"+strings.ReplaceAll(key, "./", ".%2F"))
		if resp.StatusCode != 404 || err != nil || asked != want {
			t.Errorf("%s of %q: %d, %v after %d requests; want 404 after %d", method, key, resp.StatusCode, err, asked, want)
		}
	}
	if found, err := downloadview.Exists(t.Context(), s, key); found || err != nil {
		t.Errorf("Exists(%q) = %t, %v, want false", key, found, err)
	}
}

// replay sends the answer that was recorded in a file.
func replay(t *testing.T, w http.ResponseWriter, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	method := http.MethodGet
	if strings.HasSuffix(name, ".head.http") {
		method = http.MethodHead
	}
	resp, err := http.ReadResponse(bufio.NewReader(f), &http.Request{Method: method})
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		t.Error(err)
	}
}
