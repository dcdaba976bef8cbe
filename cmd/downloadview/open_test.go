package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A download from S3 is one request, behind a prefix too.
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
			storage, release, err := open(t.Context(), u)
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
			if wantSource := "s3:/" + object; !strings.Contains(query, "key=") && (!ok || src.String() != wantSource) {
				t.Errorf("source = %v, %v; want %s", src, ok, wantSource)
			} else if strings.Contains(query, "key=") && ok {
				t.Errorf("source = %v, which is not where the bytes live", src)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"s3://":                      "names no bucket; want s3://BUCKET",
		"gs:///folder":               "names no bucket; want gs://BUCKET",
		"s3://bucket/folder":         `has the path "/folder"; for the keys below it want s3://bucket?prefix=folder/`,
		"azblob://box/a/b/":          `has the path "/a/b/"; for the keys below it want azblob://box?prefix=a/b/`,
		"ftp://host/x":               "has an unknown scheme; want a directory, s3://, gs://, azblob://, file:// or mem://",
		"s3://bucket?endpoint=s3:90": `has the endpoint "s3:90" without a scheme; want http://s3:90 or https://s3:90`,
		"s3://bucket?nonsense=1":     "nonsense",
		"file:///no/such/directory":  "/no/such/directory",
	} {
		_, _, err := open(t.Context(), parse(t, raw))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open(%q) = %v, want %q", raw, err, want)
		}
		var usage *command.UsageError
		byDriver := strings.HasPrefix(raw, "file:") || strings.Contains(raw, "nonsense")
		if errors.As(err, &usage) == byDriver {
			t.Errorf("open(%q): usage error = %v, want %v", raw, byDriver, !byDriver)
		}
	}
}

func TestOpenSchemes(t *testing.T) {
	storage, release, err := open(t.Context(), parse(t, "mem://"))
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
