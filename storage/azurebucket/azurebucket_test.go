package azurebucket_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

func file(t *testing.T, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatalf("File(%q): %v", key, err)
	}
	return f
}

func content(t *testing.T, h fs.File) string {
	t.Helper()
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func attributes(t *testing.T, stat func() (fs.FileInfo, error)) downloadview.Attributes {
	t.Helper()
	fi, err := stat()
	if err != nil {
		t.Fatal(err)
	}
	return described(fi)
}

// described returns attributes that can be compared.
func described(fi fs.FileInfo) downloadview.Attributes {
	a := downloadview.AttributesOf(fi)
	a.ModTime = a.ModTime.UTC()
	return a
}

// elsewhere returns the storage of a container that receives no request.
func elsewhere(t *testing.T, o *azurebucket.Options) *azurebucket.Storage {
	t.Helper()
	client, err := container.NewClientWithNoCredential("https://acct.blob.core.windows.net/files?sig=secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	return azurebucket.New(client, o)
}

func TestStatSaysWhatTheHandleSays(t *testing.T) {
	srv := azuretest.Start(t)
	sum := md5.Sum([]byte("0123456789"))
	srv.Put(t, "a.csv", []byte("0123456789"), func(o *blockblob.UploadBufferOptions) {
		o.Metadata = map[string]*string{"Owner": to.Ptr("Zoe"), "caseID": to.Ptr("12")}
		o.HTTPHeaders = &blob.HTTPHeaders{
			BlobContentType:        to.Ptr("text/csv"),
			BlobContentLanguage:    to.Ptr("pl"),
			BlobContentEncoding:    to.Ptr("br"),
			BlobCacheControl:       to.Ptr("max-age=60"),
			BlobContentDisposition: to.Ptr(`attachment; filename="b.csv"`),
			BlobContentMD5:         sum[:],
		}
	})
	f := file(t, azurebucket.New(srv.Client, nil), "a.csv")
	want := downloadview.Attributes{
		Size:            10,
		ContentType:     "text/csv",
		ContentLanguage: "pl",
		ContentEncoding: "br",
		CacheControl:    "max-age=60",
		Disposition:     `attachment; filename="b.csv"`,
		ReprDigest:      "md5=:eB5eJF1ptWaXm4bijSPyxw==:",
		Metadata:        map[string]string{"owner": "Zoe", "caseid": "12"},
	}
	stated := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) })
	if stated.ModTime.IsZero() || !strings.HasPrefix(stated.ETag, `"0x`) {
		t.Errorf("Stat = %+v, want a time and a tag in quotes", stated)
	}
	want.ModTime, want.ETag = stated.ModTime, stated.ETag
	for name, open := range map[string]func() (fs.File, error){
		"whole": func() (fs.File, error) { return f.Open(t.Context()) },
		"range": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 3, 2) },
		"rest":  func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 3, -1) },
		"all":   func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 0, -1) },
		"stat":  nil,
	} {
		stat := func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) }
		if open != nil {
			h, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			stat = h.Stat
		}
		if got := attributes(t, stat); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "ten", []byte("0123456789"))
	srv.Put(t, "empty", nil)
	s := azurebucket.New(srv.Client, nil)
	const whole = "whole"
	tests := []struct {
		name           string
		key            string
		offset, length int64
		want           string
		err            error
		asked          string // "": no request
	}{
		{"beginning", "ten", 0, 3, "012", nil, "bytes=0-2"},
		{"one byte", "ten", 4, 1, "4", nil, "bytes=4-4"},
		{"to the end", "ten", 7, -1, "789", nil, "bytes=7-"},
		{"past the end", "ten", 7, 100, "789", nil, "bytes=7-106"},
		{"length that overflows", "ten", 7, 1<<63 - 1, "789", nil, "bytes=7-"},
		{"all", "ten", 0, -1, "0123456789", nil, whole},
		{"last bytes", "ten", -3, 0, "", errors.ErrUnsupported, ""},
		{"at the end", "ten", 10, 1, "", downloadview.ErrRange, "bytes=10-10"},
		{"beyond", "ten", 11, -1, "", downloadview.ErrRange, "bytes=11-"},
		{"no bytes", "ten", 1, 0, "", downloadview.ErrRange, ""},
		{"of nothing", "empty", 0, -1, "", downloadview.ErrRange, whole},
		{"one byte of nothing", "empty", 0, 1, "", downloadview.ErrRange, "bytes=0-0"},
		{"of what is missing", "gone", 0, 1, "", fs.ErrNotExist, "bytes=0-0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv.Counter.Reset()
			h, err := file(t, s, tt.key).(downloadview.RangeFile).OpenRange(t.Context(), tt.offset, tt.length)
			if !errors.Is(err, tt.err) {
				t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, tt.err)
			}
			if tt.err == nil {
				if got := attributes(t, h.Stat).Size; got != 10 {
					t.Errorf("size of the whole is %d, want 10", got)
				}
				if got := content(t, h); got != tt.want {
					t.Errorf("OpenRange(%d, %d) = %q, want %q", tt.offset, tt.length, got, tt.want)
				}
			}
			var want []azuretest.Request
			if tt.asked != "" {
				want = []azuretest.Request{{Operation: "GetBlob", Range: strings.TrimPrefix(tt.asked, whole)}}
			}
			if got := srv.Counter.Requests(); !slices.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

func TestEmptyBlob(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "empty", nil)
	h, err := file(t, azurebucket.New(srv.Client, nil), "empty").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if size := attributes(t, h.Stat).Size; size != 0 {
		t.Errorf("size %d, want 0", size)
	}
	if got := content(t, h); got != "" {
		t.Errorf("content %q, want none", got)
	}
}

// The transport of net/http decodes gzip if it has requested it itself.
func TestStoredEncodingStays(t *testing.T) {
	srv := azuretest.Start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Repeat("text ", 100))
	z.Close()
	srv.Put(t, "a.html", packed.Bytes(), func(o *blockblob.UploadBufferOptions) {
		o.HTTPHeaders = &blob.HTTPHeaders{BlobContentEncoding: to.Ptr("gzip")}
	})
	f := file(t, azurebucket.New(srv.Client, nil), "a.html")
	for name, open := range map[string]func() (fs.File, error){
		"whole": func() (fs.File, error) { return f.Open(t.Context()) },
		"rest":  func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 5, -1) },
	} {
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if a := attributes(t, h.Stat); a.ContentEncoding != "gzip" || a.Size != int64(packed.Len()) {
			t.Errorf("%s: %+v, want gzip of %d bytes", name, a, packed.Len())
		}
		if got := content(t, h); !strings.HasSuffix(packed.String(), got) || len(got) < packed.Len()-5 {
			t.Errorf("%s: %d bytes arrive, or other ones; want the %d that are stored", name, len(got), packed.Len())
		}
	}
}

func TestKeys(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, nil)
	keys := []string{
		"a b", "a+b", "a%41b", "a%2Fb", "100%", "a?b=c", "a#b", "ąę日", "()'!*", "a;b&c=d", "deep/er/x", `quote"`, "<&>", "~:@,$",
		"a//b", "a/b", "/a", "a/../b", "b", "a/./b", "__0x25__", strings.Repeat("long/", 204) + "ąęłx", strings.Repeat("日", 1024),
	}
	for _, key := range keys {
		if err := s.Save(t.Context(), key, strings.NewReader("content of "+key)); err != nil {
			t.Fatalf("Save(%.30q): %v", key, err)
		}
	}
	for _, key := range keys {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%.30q): %v", key, err)
			continue
		}
		if got, want := content(t, h), "content of "+key; got != want {
			t.Errorf("%.30q has %q, want %q", key, got, want)
		}
		if _, err := downloadview.Stat(t.Context(), file(t, s, key)); err != nil {
			t.Errorf("Stat(%.30q): %v", key, err)
		}
	}
	var names []string
	for page := srv.Client.NewListBlobsFlatPager(nil); page.More(); {
		p, err := page.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range p.Segment.BlobItems {
			names = append(names, *b.Name)
		}
	}
	slices.Sort(keys)
	slices.Sort(names)
	if !slices.Equal(names, keys) {
		t.Errorf("the container has the names %q, want the keys %q", names, keys)
	}
}

func TestImpossibleKeys(t *testing.T) {
	s := elsewhere(t, &azurebucket.Options{Prefix: "012345678/"})
	for _, key := range []string{
		"", "a\x00", "\xff", "..", "../a", "a/../../b", "dir/", `a\b`, `..\a`, `a\..\..\b`, "a\r\nb", "a\x7f", "a\u0085",
		strings.Repeat("ą", 1015),
	} {
		_, err := s.File(key)
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pe) || pe.Path != key {
			t.Errorf("File(%.20q): %v, want fs.ErrInvalid that names it", key, err)
		}
	}
	if _, err := s.File(strings.Repeat("ą", 1014)); err != nil {
		t.Errorf("File of 1024 characters with the prefix: %v", err)
	}
}

func TestSource(t *testing.T) {
	s := elsewhere(t, &azurebucket.Options{Prefix: "reports/"})
	got, ok := downloadview.SourceOf(file(t, s, "a//b/../c%41"))
	if want := (downloadview.Source{Scheme: "azblob", Host: "files", Path: "reports/a//b/../c%41"}); got != want || !ok {
		t.Errorf("SourceOf = %v, %t, want %v", got, ok, want)
	}
	slash, err := container.NewClientWithNoCredential("https://acct.blob.core.windows.net/files/", nil)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := container.NewSharedKeyCredential("acct", "a2V5")
	if err != nil {
		t.Fatal(err)
	}
	s = azurebucket.New(slash, &azurebucket.Options{Sign: azurebucket.SharedKey(credential)})
	got, _ = downloadview.SourceOf(file(t, s, "a"))
	if want := (downloadview.Source{Scheme: "azblob", Host: "files", Path: "a"}); got != want {
		t.Errorf("SourceOf = %v, want %v", got, want)
	}
	if u := sign(t, s, "a", downloadview.SignOptions{}); !strings.HasPrefix(u, "https://acct.blob.core.windows.net/files/a?") {
		t.Errorf("URL %s, want one slash before the key", u)
	}
	srv := azuretest.Start(t) // by the path of an account
	got, _ = downloadview.SourceOf(file(t, azurebucket.New(srv.Client, nil), "a"))
	if want := (downloadview.Source{Scheme: "azblob", Host: "files", Path: "a"}); got != want {
		t.Errorf("SourceOf = %v, want %v", got, want)
	}
}

func TestPrefixEndsInASlash(t *testing.T) {
	srv := azuretest.Start(t)
	buckettest.PrefixEndsInASlash(t, putter(srv), func(prefix string) downloadview.Storage {
		return azurebucket.New(srv.Client, &azurebucket.Options{Prefix: prefix})
	}, `a\b/`)
}

func TestPrefix(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, &azurebucket.Options{Prefix: "in/"})
	buckettest.Prefix(t, putter(srv), s, `..\secret`, `f\..\..\secret`)
}

func putter(srv *azuretest.Server) func(*testing.T, string, []byte) {
	return func(t *testing.T, key string, content []byte) { srv.Put(t, key, content) }
}

func TestServerErrors(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", []byte("x"))
	stranger := *srv
	stranger.Key = "YW5vdGhlciBrZXk="
	unreachable, err := container.NewClientWithNoCredential("http://127.0.0.1:1/acct/files", azuretest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		client *container.Client
		key    string
		want   error
		status int
	}{
		{"missing", srv.Client, "gone", fs.ErrNotExist, 404},
		{"below a blob", srv.Client, "a/b", fs.ErrNotExist, 404},
		{"no such container", srv.NewClient(t, "nowhere"), "a", fs.ErrNotExist, 404},
		{"wrong key", stranger.NewClient(t, srv.Container), "a", downloadview.ErrUpstream, 502},
		{"unreachable", unreachable, "a", downloadview.ErrUpstream, 502},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := azurebucket.New(tt.client, nil)
			f := file(t, s, tt.key)
			_, opened := f.Open(t.Context())
			_, ranged := downloadview.OpenRange(t.Context(), f, 0, 1)
			_, stated := downloadview.Stat(t.Context(), f)
			_, timed := s.Times(t.Context(), tt.key)
			for what, err := range map[string]error{
				"Open": opened, "OpenRange": ranged, "Stat": stated, "Times": timed,
				"Delete": s.Delete(t.Context(), tt.key),
			} {
				if !errors.Is(err, tt.want) || downloadview.StatusCode(err) != tt.status {
					t.Errorf("%s: %v, want %v, status %d", what, err, tt.want, tt.status)
				}
			}
		})
	}
}

func TestContext(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", bytes.Repeat([]byte("x"), 8<<20))
	s := azurebucket.New(srv.Client, nil)
	f := file(t, s, "a")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for ctx, want := range map[context.Context]error{canceled: context.Canceled, late: context.DeadlineExceeded} {
		if _, err := f.Open(ctx); !errors.Is(err, want) || errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("Open: %v, want %v, and no fault of the store", err, want)
		}
		if _, err := downloadview.Stat(ctx, f); !errors.Is(err, want) {
			t.Errorf("Stat: %v, want %v", err, want)
		}
		for _, err := range s.List(ctx, "") {
			if !errors.Is(err, want) {
				t.Errorf("List: %v, want %v", err, want)
			}
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	h, err := f.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadFull(h, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, h); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on after the context ended: %v, want context.Canceled", err)
	}
}

func TestList(t *testing.T) {
	srv := azuretest.Start(t)
	for _, key := range []string{"a/x", "a/y/z", "a-b", "a.txt", "b", "c d/%41+", "e//f"} {
		srv.Put(t, key, []byte("12"))
	}
	srv.Put(t, "none/", nil) // what consoles make of an empty folder
	folder := func(o *blockblob.UploadBufferOptions) {
		o.Metadata = map[string]*string{"hdi_isfolder": to.Ptr("true")}
	}
	srv.Put(t, "a", nil, folder)
	srv.Put(t, "hadoop", nil, folder)
	s := azurebucket.New(srv.Client, nil)
	for folder, want := range map[string][]string{
		"":     {"a/", "a-b", "a.txt", "b", "c d/", "e/", "none/"},
		"a":    {"x", "y/"},
		"a/y":  {"z"},
		"c d":  {"%41+"},
		"e":    nil,
		"none": nil,
	} {
		if got := buckettest.Names(t, s, folder); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", folder, got, want)
		}
	}
	for folder, want := range map[string]error{"gone": fs.ErrNotExist, "b": fs.ErrNotExist, "a/": fs.ErrInvalid, "..": fs.ErrInvalid} {
		for _, err := range s.List(t.Context(), folder) {
			if !errors.Is(err, want) {
				t.Errorf("List(%q): %v, want %v", folder, err, want)
			}
		}
	}
	for _, err := range azurebucket.New(srv.NewClient(t, "nowhere"), nil).List(t.Context(), "") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("List of no container: %v, want fs.ErrNotExist", err)
		}
	}
	for fi, err := range s.List(t.Context(), "a") {
		if err != nil {
			t.Fatal(err)
		}
		want := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a/x")) })
		if a := described(fi); !reflect.DeepEqual(a, want) {
			t.Errorf("x is listed as %+v, want %+v as Stat says", a, want)
		}
		break
	}

	// A blob that stands for a folder is not served.
	f := file(t, s, "hadoop")
	_, opened := f.Open(t.Context())
	_, stated := downloadview.Stat(t.Context(), f)
	_, timed := s.Times(t.Context(), "hadoop")
	for what, err := range map[string]error{"Open": opened, "Stat": stated, "Times": timed} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a folder: %v, want fs.ErrNotExist", what, err)
		}
	}
}

func TestURL(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "cdn.test", Path: "/media/"}
	s := elsewhere(t, &azurebucket.Options{Prefix: "2026/", BaseURL: base})
	if got, err := downloadview.URL(t.Context(), s, "a b/100%.txt"); err != nil || got != "https://cdn.test/media/a%20b/100%25.txt" {
		t.Errorf("URL = %q, %v", got, err)
	}
	if got, err := downloadview.URL(t.Context(), elsewhere(t, nil), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL without a base = %q, %v, want errors.ErrUnsupported", got, err)
	}
	if got, err := downloadview.URL(t.Context(), s, "../a"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("URL of a way out = %q, %v, want fs.ErrInvalid", got, err)
	}
}

func TestTimes(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, nil)
	srv.Put(t, "a", []byte("x"))
	got, err := s.Times(t.Context(), "a")
	if err != nil || got.Created.IsZero() || got.Modified.Before(got.Created) {
		t.Errorf("Times = %+v, %v, want when it was created and modified", got, err)
	}
}
