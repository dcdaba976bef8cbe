package s3bucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// A store that answers HEAD with something else than it would answer GET with, as
// policies of S3 have it, serves what a GET can ask for.
func TestHeadIsNoJudgeOfGet(t *testing.T) {
	object := numbered(1, 10_000)
	for _, status := range []int{400, 401, 403, 404, 405, 500, 501} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(status)
				return
			}
			w.Header().Set("ETag", `"v1"`)
			http.ServeContent(w, r, "", time.Unix(1.7e9, 0), bytes.NewReader(object))
		})
		url := serve(t, s)
		for _, tt := range []struct {
			name   string
			fields []string
			status int
			length int
		}{
			{"whole", nil, 200, 10_000},
			{"not modified", []string{"If-None-Match", `"v1"`}, 304, 0},
			{"modified", []string{"If-None-Match", `"v0"`}, 200, 10_000},
			{"failed precondition", []string{"If-Match", `"v0"`}, 412, -1},
			{"range and precondition", []string{"If-Match", `"v1"`, "Range", "bytes=1-2"}, 206, 2},
			{"suffix", []string{"Range", "bytes=-7"}, 206, 7},
			{"suffix and precondition", []string{"Range", "bytes=-7", "If-Unmodified-Since", "Wed, 21 Oct 2037 07:28:00 GMT"}, 206, 7},
			{"several ranges", []string{"Range", "bytes=0-0,5000-5001"}, 206, -1},
		} {
			resp, body, err := download(t, "GET", url+"/a", tt.fields...)
			if err != nil || resp.StatusCode != tt.status || tt.length >= 0 && len(body) != tt.length {
				t.Errorf("HEAD %d, %s: %d, %d bytes, %v; want %d", status, tt.name, resp.StatusCode, len(body), err, tt.status)
			}
		}
		want := 200
		if status == 404 {
			want = 404 // as the store says
		}
		resp, _, _ := download(t, "HEAD", url+"/a")
		if resp.StatusCode != want || want == 200 && resp.ContentLength != 10_000 {
			t.Errorf("HEAD %d: %d, length %d; want %d", status, resp.StatusCode, resp.ContentLength, want)
		}
		if found, err := downloadview.Exists(t.Context(), s, "a"); found != (want == 200) || err != nil {
			t.Errorf("HEAD %d: Exists = %t, %v", status, found, err)
		}
	}
}

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

// Only what was asked for is a success.
func TestOtherSuccesses(t *testing.T) {
	for _, status := range []int{201, 202, 203, 204, 205, 206, 207, 226} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			w.WriteHeader(status)
			if status != 204 && status != 205 {
				io.WriteString(w, "0123")
			}
		})
		f := file(t, s, "a")
		for name, call := range map[string]func() error{
			"Open": func() error { _, err := f.Open(t.Context()); return err },
			"Stat": func() error { _, err := downloadview.Stat(t.Context(), f); return err },
			"OpenRange": func() error {
				_, err := f.(downloadview.RangeFile).OpenRange(t.Context(), 1, 2)
				return err
			},
		} {
			if err := call(); status == 206 && errors.Is(err, errors.ErrUnsupported) {
				continue // a part of nothing known, in place of which the whole is asked for
			} else if !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(fmt.Sprint(err), fmt.Sprint(status)) && name != "OpenRange" {
				t.Errorf("%d: %s: %v, want ErrUpstream with the status", status, name, err)
			}
		}
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
		url := serve(t, s)
		for _, method := range []string{"GET", "HEAD"} {
			asked = 0
			if resp, _, err := download(t, method, url+"/"+strings.ReplaceAll(key, "./", ".%2F")); resp.StatusCode != 404 || err != nil || asked != 1 {
				t.Errorf("%s of %q, which is %s: %d, %v after %d requests; want 404 after one", method, key, a.code, resp.StatusCode, err, asked)
			}
		}
		if found, err := downloadview.Exists(t.Context(), s, key); found || err != nil {
			t.Errorf("Exists(%q) = %t, %v, want false", key, found, err)
		}
	}
}

// What another try doesn't change is asked once, however patient one is; what may
// pass is not.
func TestLastingFailuresAreAskedOnce(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		asked  int
	}{
		{403, "InvalidAccessKeyId", 1},
		{403, "SignatureDoesNotMatch", 1},
		{403, "AccountProblem", 1},
		{400, "ExpiredToken", 1},
		{400, "InvalidToken", 1},
		{400, "KMS.DisabledException", 1},
		{400, "InvalidRequest", 1}, // an object with a key of its client's (SSE-C)
		{301, "PermanentRedirect", 1},
		{400, "AuthorizationHeaderMalformed", 1},
		{501, "NotImplemented", 1},
		{404, "NoSuchBucket", 1},
		{403, "AccessDenied", 1},
		{400, "RequestTimeout", 3},
		{500, "InternalError", 3},
		{503, "SlowDown", 3},
		{409, "OperationAborted", 3},
	} {
		asked := 0
		s := resume.New(fake(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(tt.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", tt.code)
		}), &resume.Options{Backoff: func(int) time.Duration { return 0 }})
		_, err := file(t, s, "a").Open(t.Context())
		if asked != tt.asked {
			t.Errorf("%d %s is asked %d times, want %d: %v", tt.status, tt.code, asked, tt.asked, err)
		}
		if refused := errors.Is(err, downloadview.ErrRefused); refused && downloadview.StatusCode(err) != 502 {
			t.Errorf("%d %s: %v, want 502", tt.status, tt.code, err)
		}
	}
}

// A field that the SDK can't read costs that field, and not the download.
func TestUnreadableFields(t *testing.T) {
	for field, value := range map[string]string{
		"Last-Modified":       "2026-01-02 03:04:05",
		"Expires":             "never",
		"X-Amz-Missing-Meta":  "some",
		"X-Amz-Tagging-Count": "many",
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "maybe",
		"X-Amz-Object-Lock-Retain-Until-Date":             "soon",
		"X-Amz-Mp-Parts-Count":                            "1x",
		"X-Amz-Delete-Marker":                             "no",
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			http.ServeContent(brokenField{w, field, value}, r, "a.txt", time.Time{}, strings.NewReader("0123"))
		})
		f := file(t, s, "a.txt")
		fi, err := downloadview.Stat(t.Context(), f)
		if err != nil || fi.Size() != 4 || !fi.ModTime().IsZero() {
			t.Errorf("%s %q: Stat: %v, %v", field, value, fi, err)
		}
		for name, open := range map[string]func() (fs.File, error){
			"Open":      func() (fs.File, error) { return f.Open(t.Context()) },
			"OpenRange": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 0, 4) },
		} {
			h, err := open()
			if err != nil {
				t.Errorf("%s %q: %s: %v", field, value, name, err)
				continue
			}
			if got := content(t, h); got != "0123" || attributes(t, h.Stat).ETag != `"v1"` {
				t.Errorf("%s %q: %s: %q", field, value, name, got)
			}
		}
	}
}

// brokenField adds a field when the header is written.
type brokenField struct {
	http.ResponseWriter
	field, value string
}

func (b brokenField) WriteHeader(status int) {
	b.Header().Set(b.field, b.value)
	b.ResponseWriter.WriteHeader(status)
}

// Requests for ranges that a store says it can't serve give the whole object.
func TestStoreWithoutRanges(t *testing.T) {
	object := numbered(1, 1000)
	for name, refuse := range map[string]func(w http.ResponseWriter){
		"416": func(w http.ResponseWriter) { w.WriteHeader(416) },
		"501": func(w http.ResponseWriter) {
			w.WriteHeader(501)
			io.WriteString(w, "<Error><Code>NotImplemented</Code></Error>")
		},
		"400": func(w http.ResponseWriter) { w.WriteHeader(400) },
		"InvalidArgument": func(w http.ResponseWriter) {
			w.WriteHeader(400)
			io.WriteString(w, "<Error><Code>InvalidArgument</Code></Error>")
		},
		"200": func(w http.ResponseWriter) { w.Write(object) },
		"size unknown": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 0-9/*")
			w.WriteHeader(206)
			w.Write(object[:10])
		},
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("Range") != "" {
				refuse(w)
				return
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(object))
		})
		url := serve(t, s)
		for _, asked := range []string{"bytes=0-9", "bytes=990-", "bytes=-10", "bytes=0-0,500-600"} {
			resp, body, err := download(t, "GET", url+"/a", "Range", asked)
			if err != nil || resp.StatusCode != 200 || !slices.Equal(body, object) {
				t.Errorf("%s, %s: %d, %d bytes, %v; want the whole", name, asked, resp.StatusCode, len(body), err)
			}
		}
	}
}
