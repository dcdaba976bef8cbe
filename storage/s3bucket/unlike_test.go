package s3bucket_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/resume"
)

// HEAD's 400 without a name is asked again for its reason.
func TestReasonOfHead(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "<Error><Code>ExpiredToken</Code></Error>")
	})
	if _, err := downloadview.Stat(t.Context(), file(t, s, "a")); !strings.Contains(fmt.Sprint(err), "ExpiredToken") || !errors.Is(err, downloadview.ErrRefused) {
		t.Errorf("Stat: %v, want ErrRefused and the reason", err)
	}
	if _, err := downloadview.Exists(t.Context(), s, "a"); !strings.Contains(fmt.Sprint(err), "ExpiredToken") {
		t.Errorf("Exists: %v, want the reason", err)
	}
}

// What a MinIO answers for keys that its file system can't have, with a body to
// GET and by fields to HEAD, is 404.
func TestKeysThatMinIORefuses(t *testing.T) {
	for key, a := range map[string]struct {
		code, message string
		status        int
	}{
		"a//b":                   {"XMinioInvalidObjectName", "Object name contains unsupported characters.", 400},
		strings.Repeat("n", 256): {"XMinioInvalidObjectName", "Object name contains unsupported characters.", 400},
		"./a":                    {"XMinioInvalidResourceName", `Resource name contains bad components such as ".." or ".".`, 400},
		"a/b":                    {"XMinioParentIsObject", "Object-prefix is already an object, please choose a different object-prefix name.", 400},
		"a":                      {"XMinioObjectExistsAsDirectory", "Object name already exists as a directory.", 409},
	} {
		asked := 0
		s := resume.New(fake(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
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
		}), nil)
		url := buckettest.Serve(t, s)
		for _, method := range []string{"GET", "HEAD"} {
			asked = 0
			if resp, _, err := buckettest.Get(t, method, url+"/"+strings.ReplaceAll(key, "./", ".%2F")); resp.StatusCode != 404 || err != nil || asked != 1 {
				t.Errorf("%s of %q, which is %s: %d, %v after %d requests; want 404 after one", method, key, a.code, resp.StatusCode, err, asked)
			}
		}
		if found, err := downloadview.Exists(t.Context(), s, key); found || err != nil {
			t.Errorf("Exists(%q) = %t, %v, want false", key, found, err)
		}
	}
}
