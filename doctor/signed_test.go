package doctor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/storage/disk"
)

// A bucket is a directory that is served by signed URLs.
type bucket struct {
	*disk.Storage
	base string // of the URLs
	pad  string // makes the signature long
}

const secret = "5ec2e7-5igna7u2e"

type object struct {
	downloadview.File
	bucket bucket
}

func (b bucket) File(key string) (downloadview.File, error) {
	f, err := b.Storage.File(key)
	return object{f, b}, err
}

func (o object) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: "bucket", Path: o.Name()}, true
}

func (o object) SignedURL(_ context.Context, so downloadview.SignOptions) (string, time.Time, error) {
	key := strings.ReplaceAll(url.PathEscape(o.Name()), "%2F", "/")
	return o.bucket.base + "/" + key + "?X-Amz-Signature=" + secret + o.bucket.pad + "&method=" + so.Method, time.Time{}, nil
}

// serveBucket runs the bucket's host, which sends objects for signed URLs.
func serveBucket(t *testing.T, storage downloadview.Storage) string {
	t.Helper()
	files := downloadview.NewHandler(downloadview.StorageView{Storage: storage, Key: func(r *http.Request) (string, error) {
		return strings.TrimPrefix(r.URL.Path, "/"), nil
	}}, &downloadview.Options{Logger: discard})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.FormValue("X-Amz-Signature"), secret) || r.FormValue("method") != r.Method {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// newBucket changes s to one whose files are in a bucket.
func newBucket(t *testing.T, s *setting) bucket {
	t.Helper()
	s.rule = accel.Rule{Name: "reports", Source: "s3://bucket", Destination: "/_s3/", Headers: accel.PassAll, Signed: &accel.Signed{}}
	s.site.Rules = []site.Rule{{Rule: accel.Rule{Name: "reports", Source: "s3://bucket", Destination: "/_s3/", Signed: &accel.Signed{}}}}
	storage := s.storage(t)
	return bucket{Storage: storage, base: serveBucket(t, storage)}
}

func TestSignedRight(t *testing.T) {
	for _, test := range []string{"by the proxy", "by redirect"} {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			b := newBucket(t, s)
			if test == "by redirect" {
				s.rule.Signed.Redirect, s.rule.Destination = http.StatusFound, ""
			}
			report := run(t, s.startWith(t, b), s.dir)
			if !report.OK() {
				t.Error("a set-up that is right has failures")
			}
			noSecrets(t, report)
		})
	}
}

func TestSignedBroken(t *testing.T) {
	for _, b := range []struct {
		breakage
		bucket func(t *testing.T, b *bucket)
	}{
		{
			breakage{
				"header buffer too small for a signed URL", edits("proxy_buffer_size 16k;", "proxy_buffer_size 4k;"),
				"proxy-file", doctor.Failed, "larger than nginx's buffer", "`proxy_buffer_size 16k;`",
			},
			func(_ *testing.T, b *bucket) { b.pad = strings.Repeat("x", 4000) },
		},
		{
			breakage{
				"no resolver", func(*testing.T, *setting) {},
				"proxy-file", doctor.Failed, "no resolver for localhost", "`resolver ADDRESS;` in `location /_s3/`",
			},
			func(_ *testing.T, b *bucket) { b.base = strings.Replace(b.base, "127.0.0.1", "localhost", 1) },
		},
		{
			breakage{
				"bucket host unreachable", func(*testing.T, *setting) {},
				"proxy-file", doctor.Failed, "doesn't reach the bucket's host 127.0.0.1", "from the proxy to 127.0.0.1",
			},
			func(_ *testing.T, b *bucket) { b.base = "http://127.0.0.1:1" },
		},
		{
			breakage{
				"location not internal", edits("    internal;\n", "\n"),
				"proxy-location", doctor.Failed, "every client can request", "`internal;` in `location /_s3/`",
			},
			nil,
		},
		{
			breakage{
				"method passed on", edits("proxy_method GET;", ""),
				"proxy-head", doctor.Failed, "signed URL is for GET", "`proxy_method GET;` in `location /_s3/`",
			},
			nil,
		},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			store := newBucket(t, s)
			if b.bucket != nil {
				b.bucket(t, &store)
			}
			b.broken(t, s)
			report := run(t, s.startWith(t, store), s.dir)
			b.expect(t, report, s.dir)
			noSecrets(t, report)
		})
	}
}

// noSecrets looks for signatures in what is printed.
func noSecrets(t *testing.T, report doctor.Report) {
	t.Helper()
	var b strings.Builder
	if err := report.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), secret) || strings.Contains(string(j), secret) {
		t.Errorf("the report has a signature in it:\n%s", b.String())
	}
}

func TestKeyWritesNothing(t *testing.T) {
	for _, storage := range []string{"with the storage", "without"} {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			setup := s.start(t)
			name := filepath.Join(s.dir, "annual report.pdf")
			if err := os.WriteFile(name, []byte(strings.Repeat("content ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(s.dir, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(s.dir, 0o700) })
			setup.Key = "annual report.pdf"
			if storage == "without" {
				setup.Storage = nil
				setup.App = ""
			}
			report := run(t, setup, "")
			if !report.OK() {
				t.Error("a set-up that is right has failures")
			}
			for _, name := range []string{"proxy-file", "proxy-range", "proxy-head", "whole-headers"} {
				if c := check(t, report, name); c.Result != doctor.OK {
					t.Errorf("%s: %v, want ok", name, c.Result)
				}
			}
			if c := check(t, report, "storage-save"); c.Result != doctor.NotApplicable {
				t.Errorf("storage-save: %v, want not applicable", c.Result)
			}
			if left, err := os.ReadDir(s.dir); err != nil || len(left) != 1 {
				t.Errorf("the directory has %v, %v; want the file alone", left, err)
			}
		})
	}
}
