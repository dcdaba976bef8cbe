package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
)

// reach has the settings with which the command connects to a store.
func reach() *command.Reach {
	return &command.Reach{Connect: 5 * time.Second, Credentials: 5 * time.Second, Logger: slog.New(slog.DiscardHandler)}
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A download from S3 is one request, with a prefix too.
func TestOpenS3(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")

	var requests atomic.Int64
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("ETag", `"v1"`)
		fmt.Fprintf(w, "object %s", r.URL.Path)
	}))
	defer s3.Close()

	for query, object := range map[string]string{
		"":                "/reports/a.txt",
		"&prefix=2026/":   "/reports/2026/a.txt",
		"&key=only/b.txt": "/reports/only/b.txt",
	} {
		t.Run(query, func(t *testing.T) {
			u := parse(t, "s3://reports?region=us-east-1&use_path_style=true&endpoint="+url.QueryEscape(s3.URL)+query)
			storage, release, err := open(t.Context(), u, reach())
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			f, err := storage.File("a.txt")
			if err != nil {
				t.Fatal(err)
			}
			requests.Store(0)
			w := httptest.NewRecorder()
			downloadview.SendFile(w, httptest.NewRequest("GET", "/", nil), f)
			body, _ := io.ReadAll(w.Body)
			if want := "object " + object; w.Code != http.StatusOK || string(body) != want {
				t.Errorf("answer = %d %q, want %q", w.Code, body, want)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			src, ok := downloadview.SourceOf(f)
			if want := "s3:/" + object; !ok || src.String() != want {
				t.Errorf("source = %v, %v; want %s", src, ok, want)
			}
		})
	}
}

// A request to an anonymous bucket has no signature, even if there are credentials.
func TestOpenAnonymous(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	var authorization atomic.Value
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		authorization.Store(r.Header.Get("Authorization"))
	}))
	defer store.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", store.URL)
	s3 := "s3://b?use_path_style=true&endpoint=" + url.QueryEscape(store.URL) // has a region, as such servers do
	for raw, want := range map[string]bool{
		s3: true, s3 + "&anonymous=true": false, "gs://b?anonymous=true": false, "gs://b?access_id=-": false,
	} {
		storage, release, err := open(t.Context(), parse(t, raw), reach())
		if err != nil {
			t.Fatal(err)
		}
		f, err := storage.File("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		h.Close()
		release()
		if got := authorization.Load().(string) != ""; got != want {
			t.Errorf("%s: asks with Authorization %q", raw, authorization.Load())
		}
	}
}

// docs/buckets.md has every parameter.
func TestPageOfParameters(t *testing.T) {
	page, err := os.ReadFile("../../docs/buckets.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{everywhere, s3Parameters, gsParameters, azureParameters} {
		for _, name := range names {
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/buckets.md doesn't have the parameter %s", name)
			}
		}
	}
}

// A wrong URL is refused without a request.
func TestOpenRefuses(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "")
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "")
	for raw, want := range map[string]string{
		"s3://":                                          "names no bucket; want s3://BUCKET",
		"gs:///folder":                                   "names no bucket; want gs://BUCKET",
		"s3://bucket/folder":                             `has the path "/folder"; for the keys below it want s3://bucket?prefix=folder/`,
		"azblob://box/a/b/":                              `has the path "/a/b/"; for the keys below it want azblob://box?prefix=a/b/`,
		"ftp://host/x":                                   "has an unknown scheme; want a directory, s3://, gs://, azblob://, file:// or mem://",
		"s3://id:secret@bucket":                          "has a user; want",
		"s3://bucket?endpoint=s3:90":                     `has the endpoint "s3:90" without a scheme; want http://s3:90 or https://s3:90`,
		"s3://bucket?endpoint=http:/":                    "has the endpoint \"http:/\" without a scheme",
		"s3://bucket?region=a&region=b":                  `has the parameter "region" twice`,
		"s3://bucket?nonsense=1":                         `has the unknown parameter "nonsense"; want one of region, endpoint, use_path_style`,
		"s3://bucket?use_path_style=perhaps":             `has the use_path_style "perhaps"; want true or false`,
		"s3://bucket?sign_endpoint=files.example.com":    `has the sign endpoint "files.example.com" without a scheme`,
		"s3://bucket?a=%zz":                              "has no proper query",
		"s3://bucket?prefix=tenant1":                     `has the prefix "tenant1", which does not end in a slash, so names next to it begin with it, too; want tenant1/`,
		"gs://bucket?prefix=a/b":                         `has the prefix "a/b", which does not end in a slash`,
		"azblob://box?prefix=a-":                         `has the prefix "a-", which does not end in a slash`,
		"file:///tmp?prefix=tenant1":                     `has the prefix "tenant1", which does not end in a slash`,
		"mem://?prefix=tenant1":                          `has the prefix "tenant1", which does not end in a slash`,
		"s3://bucket?prefix=a/../b/":                     `has the prefix "a/../b/", which has the segment ".."`,
		"file:///tmp?prefix=../":                         `has the prefix "../", which has the segment ".."`,
		"file:///tmp?prefix=/a/":                         `has the prefix "/a/", which is not a folder; want one such as prefix=2026/`,
		"file:///tmp?prefix=a//":                         `has the prefix "a//", which is not a folder`,
		"file:///tmp?prefix=/":                           `has the prefix "/", which is not a folder`,
		"s3://bucket?prefix=":                            "has an empty prefix; want one such as prefix=2026/, or no prefix for the whole bucket",
		"gs://bucket?prefix":                             "has an empty prefix",
		"azblob://box?prefix=":                           "has an empty prefix",
		"file:///tmp?prefix=":                            "has an empty prefix",
		"mem://?prefix=":                                 "has an empty prefix",
		"s3://bucket?key=":                               "has an empty key; want one such as key=2026/report.pdf, or no key for all objects",
		"file:///tmp?prefix=a/&prefix=b/":                `has the parameter "prefix" twice`,
		"mem://?key=a&key=b":                             `has the parameter "key" twice`,
		"file:///tmp?key=":                               "has an empty key",
		"gs://bucket?region=eu":                          `has the unknown parameter "region"; want one of anonymous, access_id`,
		"gs://bucket?anonymous=2":                        `has the anonymous "2"; want true or false`,
		"azblob://box?endpoint=http://127.0.0.1":         `has the unknown parameter "endpoint"; want one of storage_account, domain`,
		"azblob://box":                                   "names no account; want storage_account=NAME, or the name in AZURE_STORAGE_ACCOUNT",
		"azblob://box?storage_account=a&protocol=ftp":    `has the protocol "ftp"; want http or https`,
		"azblob://box?storage_account=a&domain=http://x": `has the domain "http://x" with a scheme; want protocol=http&domain=x`,
	} {
		_, _, err := open(t.Context(), parse(t, raw), reach())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open(%q) = %v, want %q", raw, err, want)
		}
		if _, ok := errors.AsType[*command.UsageError](err); !ok {
			t.Errorf("open(%q): %T, want a usage error", raw, err)
		}
	}
	_, _, err := open(t.Context(), parse(t, "file:///no/such/directory"), reach())
	if err == nil || !strings.Contains(err.Error(), "/no/such/directory") {
		t.Errorf("open of a missing directory = %v", err)
	}
}

// A token for one account is not sent elsewhere.
func TestTokenStaysWithItsAccount(t *testing.T) {
	t.Setenv("AZURE_STORAGE_ACCOUNT", "ours")
	t.Setenv("AZURE_STORAGE_KEY", "")
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "sig=secret")
	_, _, err := open(t.Context(), parse(t, "azblob://box?domain=evil.example"), reach())
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("another domain: %v, want an error without the token", err)
	}
	if _, _, err := open(t.Context(), parse(t, "azblob://box"), reach()); err != nil {
		t.Errorf("the account itself: %v", err)
	}
}

func TestOpenSchemes(t *testing.T) {
	storage, release, err := open(t.Context(), parse(t, "mem://"), reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	f, err := storage.File("a")
	if err != nil {
		t.Fatal(err)
	}
	if src, ok := downloadview.SourceOf(f); ok {
		t.Errorf("memory has the source %v", src)
	}
}

// A local bucket has the parameters prefix and key, as a bucket of a cloud has.
func TestOpenLocalParts(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"tenant1/a.txt": "ours", "tenant10/a.txt": "theirs"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	where := "file:///" + strings.TrimPrefix(filepath.ToSlash(dir), "/")
	for _, tt := range []struct{ query, key, want string }{
		{"", "tenant1/a.txt", "ours"},
		{"?prefix=tenant1/", "a.txt", "ours"},
		{"?key=tenant1/a.txt", "whatever", "ours"},
		{"?prefix=tenant1/&key=a.txt", "whatever", "ours"},
		{"?prefix=tenant1/", "0/a.txt", ""},
		{"?prefix=tenant1/", "../tenant10/a.txt", ""},
		{"?prefix=tenant/", "a.txt", ""},
	} {
		storage, release, err := open(t.Context(), parse(t, where+tt.query), reach())
		if err != nil {
			t.Fatal(err)
		}
		f, err := storage.File(tt.key)
		var h fs.File
		if err == nil {
			h, err = f.Open(t.Context())
		}
		switch {
		case tt.want == "" && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid):
			t.Errorf("%s: %q: %v, want no such file", tt.query, tt.key, err)
		case tt.want != "" && err != nil:
			t.Errorf("%s: %q: %v", tt.query, tt.key, err)
		}
		if h != nil {
			if got, err := io.ReadAll(h); string(got) != tt.want || err != nil {
				t.Errorf("%s: %q has %q, %v, want %q", tt.query, tt.key, got, err, tt.want)
			}
			h.Close()
		}
		release()
	}
}
