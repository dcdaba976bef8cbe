package gcsbucket_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
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
	return downloadview.AttributesOf(fi)
}

func TestStatSaysWhatTheHandleSays(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a.csv", []byte("0123456789"), func(o *storage.ObjectAttrs) {
		o.ContentType, o.ContentLanguage, o.ContentEncoding = "text/csv", "pl", "br"
		o.CacheControl, o.ContentDisposition = "private", `inline; filename="b.csv"`
		o.Metadata = map[string]string{"Two-Words": "x", "lower": "y"}
	})
	alone := downloadview.Attributes{
		Size: 10, ContentType: "text/csv", ContentEncoding: "br", CacheControl: "private",
		Metadata: map[string]string{"two-words": "x", "lower": "y"},
	}
	whole := alone
	whole.ContentLanguage, whole.Disposition = "pl", `inline; filename="b.csv"`
	whole.ReprDigest = "md5=:eB5eJF1ptWaXm4bijSPyxw==:"
	for name, want := range map[string]downloadview.Attributes{"alone": alone, "with Transport": whole} {
		client := srv.NewClient(t, transports()[name])
		f := file(t, gcsbucket.New(client, srv.Bucket, nil), "a.csv")
		for how, stat := range map[string]func() (fs.FileInfo, error){
			"Stat":   func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) },
			"whole":  opened(t, func() (fs.File, error) { return f.Open(t.Context()) }),
			"range":  opened(t, func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 3, 2) }),
			"suffix": opened(t, func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, -3, 0) }),
		} {
			fi, err := stat()
			if err != nil {
				t.Fatal(err)
			}
			got := downloadview.AttributesOf(fi)
			if want.ETag == "" {
				want.ETag, want.ModTime = got.ETag, got.ModTime
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %+v, want %+v", name, how, got, want)
			}
			if len(want.ETag) < 3 || want.ModTime.IsZero() {
				t.Errorf("%s: tag %s and time %v, want both", name, want.ETag, want.ModTime)
			}
		}
	}
}

func opened(t *testing.T, open func() (fs.File, error)) func() (fs.FileInfo, error) {
	return func() (fs.FileInfo, error) {
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		return h.Stat()
	}
}

func TestRanges(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "ten", []byte("0123456789"))
	srv.Put(t, "empty", nil)
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	const none = "none" // no request
	tests := []struct {
		name           string
		key            string
		offset, length int64
		want           string
		err            error
		asked          string
	}{
		{"beginning", "ten", 0, 3, "012", nil, "bytes=0-2"},
		{"one byte", "ten", 4, 1, "4", nil, "bytes=4-4"},
		{"to the end", "ten", 7, -1, "789", nil, "bytes=7-"},
		{"past the end", "ten", 7, 100, "789", nil, "bytes=7-106"},
		{"length that overflows", "ten", 7, 1<<63 - 1, "789", nil, "bytes=7-"},
		{"all", "ten", 0, -1, "0123456789", nil, ""},
		{"last bytes", "ten", -3, 0, "789", nil, "bytes=-3"},
		{"last bytes, length ignored", "ten", -3, 1, "789", nil, "bytes=-3"},
		{"more last bytes than there are", "ten", -11, -1, "0123456789", nil, "bytes=-11"},
		{"all last bytes", "ten", -1 << 63, -1, "0123456789", nil, "bytes=-9223372036854775807"},
		{"at the end", "ten", 10, 1, "", downloadview.ErrRange, "bytes=10-10"},
		{"beyond", "ten", 11, -1, "", downloadview.ErrRange, "bytes=11-"},
		{"no bytes", "ten", 1, 0, "", downloadview.ErrRange, none},
		{"of nothing", "empty", 0, -1, "", downloadview.ErrRange, ""},
		{"first of nothing", "empty", 0, 1, "", downloadview.ErrRange, "bytes=0-0"},
		{"last bytes of nothing", "empty", -1, -1, "", downloadview.ErrRange, "bytes=-1"},
		{"of what is missing", "gone", 0, 1, "", fs.ErrNotExist, "bytes=0-0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv.Counter.Reset()
			h, err := downloadview.OpenRange(t.Context(), file(t, s, tt.key), tt.offset, tt.length)
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
			var want []gcstest.Request
			if tt.asked != none {
				want = []gcstest.Request{{Operation: "ReadObject", Range: tt.asked}}
			}
			if got := srv.Counter.Requests(); !slices.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

func TestPin(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a", []byte("first"))
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	f := file(t, s, "a")
	stat := func(f downloadview.File) func() (fs.FileInfo, error) {
		return func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) }
	}
	first := attributes(t, stat(f)).ETag
	pinned := downloadview.Pin(f, first)
	h, err := pinned.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "first" {
		t.Errorf("pinned to what is there: %q", got)
	}
	srv.Counter.Reset()
	h, err = downloadview.OpenRange(t.Context(), pinned, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	want := []gcstest.Request{{Operation: "ReadObject", Range: "bytes=1-2", Generation: strings.Trim(first, `"`)}}
	if got := srv.Counter.Requests(); !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}

	srv.Put(t, "a", []byte("other"))
	if second := attributes(t, stat(f)).ETag; second == first {
		t.Errorf("both versions have the tag %s", first)
	}
	for name, f := range map[string]downloadview.File{
		"first":       pinned,
		"of MD5":      downloadview.Pin(f, `"781e5e245d69b566979b86e28d23f2c7"`),
		"weak":        downloadview.Pin(f, "W/"+first),
		"padded":      downloadview.Pin(f, `"0`+first[1:]),
		"of a number": downloadview.Pin(f, strings.Trim(first, `"`)),
	} {
		_, open := f.Open(t.Context())
		_, part := downloadview.OpenRange(t.Context(), f, 0, 1)
		_, stat := downloadview.Stat(t.Context(), f)
		for _, err := range []error{open, part, stat} {
			if !errors.Is(err, downloadview.ErrChanged) {
				t.Errorf("%s: %v, %v and %v; want ErrChanged", name, open, part, stat)
			}
		}
	}
	if h, err = downloadview.Pin(pinned, "").Open(t.Context()); err != nil {
		t.Fatalf("pinned to any version: %v", err)
	}
	if got := content(t, h); got != "other" {
		t.Errorf("pinned to any version: %q", got)
	}
}

// An object that is stored as gzip is sent as gzip, with the stored length.
func TestStoredAsGzip(t *testing.T) {
	srv := gcstest.Start(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(buckettest.Numbered(1, 50_000))
	w.Close()
	srv.Put(t, "a.csv", packed.Bytes(), func(o *storage.ObjectAttrs) { o.ContentEncoding, o.ContentType = "gzip", "text/csv" })
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	h, err := file(t, s, "a.csv").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributes(t, h.Stat); a.ContentEncoding != "gzip" || a.Size != int64(packed.Len()) || a.ETag == "" {
		t.Errorf("%+v, want gzip of %d bytes, with a tag", a, packed.Len())
	}
	if got := content(t, h); got != packed.String() {
		t.Errorf("%d bytes arrive, want the %d that are stored", len(got), packed.Len())
	}
	if h, err = downloadview.OpenRange(t.Context(), file(t, s, "a.csv"), 10, 20); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, h), packed.String()[10:30]; got != want {
		t.Errorf("bytes 10-29 are %x, want %x", got, want)
	}
	resp, body, err := buckettest.Get(t, "GET", buckettest.Serve(t, s)+"/a.csv", "Accept-Encoding", "gzip")
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" || !bytes.Equal(body, packed.Bytes()) {
		t.Errorf("%d bytes of %q, %v; want the %d that are stored", len(body), resp.Header.Get("Content-Encoding"), err, packed.Len())
	}
}

func TestEmptyObject(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "empty", nil)
	h, err := file(t, gcsbucket.New(srv.Client, srv.Bucket, nil), "empty").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributes(t, h.Stat); a.Size != 0 || a.ETag == "" {
		t.Errorf("%+v, want no bytes and a tag", a)
	}
	if got := content(t, h); got != "" {
		t.Errorf("content %q, want none", got)
	}
}

func TestKeys(t *testing.T) {
	srv := gcstest.Start(t)
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	keys := []string{
		"a b", "a+b", "a%41b", "a%2Fb", "a?b=c", "a#b", "ąę日", "()'!*", "a;b&c=d", "deep/er/x", `back\slash`, `quote"`,
		"<&>", "~:@,$", "a//b", "/a", "a/../b", "a/./b", "tab\t", strings.Repeat("ą", 512),
	}
	for _, key := range keys {
		srv.Put(t, key, []byte("content of "+key))
	}
	for _, key := range keys {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%q): %v", key, err)
			continue
		}
		if got, want := content(t, h), "content of "+key; got != want {
			t.Errorf("%q has %q, want %q", key, got, want)
		}
		if _, err := downloadview.Stat(t.Context(), file(t, s, key)); err != nil {
			t.Errorf("Stat(%q): %v", key, err)
		}
	}
}

func TestImpossibleKeys(t *testing.T) {
	s := gcsbucket.New(nil, "bkt", &gcsbucket.Options{Prefix: "012345678/"})
	for _, key := range []string{
		"", "a\x00", "\xff", "..", "../a", "a/../../b", "dir/", "a\nb", "a\r", "a\r\nX-Header: b", strings.Repeat("x", 1015),
	} {
		_, err := s.File(key)
		if pe, ok := errors.AsType[*fs.PathError](err); !ok || !errors.Is(err, fs.ErrInvalid) || pe.Path != key {
			t.Errorf("File(%.20q): %v, want fs.ErrInvalid that names it", key, err)
		}
	}
	if _, err := s.File(strings.Repeat("x", 1014)); err != nil {
		t.Errorf("File of 1024 bytes with the prefix: %v", err)
	}
}

func TestSource(t *testing.T) {
	s := gcsbucket.New(nil, "bkt", &gcsbucket.Options{Prefix: "reports/"})
	got, ok := downloadview.SourceOf(file(t, s, "a//b/../c%41"))
	if want := (downloadview.Source{Scheme: "gs", Host: "bkt", Path: "reports/a//b/../c%41"}); got != want || !ok {
		t.Errorf("SourceOf = %v, %t, want %v", got, ok, want)
	}
}

func TestPrefixEndsInASlash(t *testing.T) {
	srv := gcstest.Start(t)
	buckettest.PrefixEndsInASlash(t, putter(srv), func(prefix string) downloadview.Storage {
		return gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Prefix: prefix})
	})
}

func TestPrefix(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "in/f/../../secret", []byte("inside"))
	buckettest.Prefix(t, putter(srv), gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Prefix: "in/"}))
}

func putter(srv *gcstest.Server) func(*testing.T, string, []byte) {
	return func(t *testing.T, key string, content []byte) { srv.Put(t, key, content) }
}

func TestServerErrors(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a", []byte("x"))
	unreachable := gcstest.NewClient(t, "http://127.0.0.1:1", &http.Transport{})
	tests := []struct {
		name    string
		storage *gcsbucket.Storage
		key     string
		want    error
		stat    error
	}{
		{"missing", gcsbucket.New(srv.Client, srv.Bucket, nil), "gone", fs.ErrNotExist, fs.ErrNotExist},
		{"below a file", gcsbucket.New(srv.Client, srv.Bucket, nil), "a/b", fs.ErrNotExist, fs.ErrNotExist},
		{"no such bucket", gcsbucket.New(srv.Client, "nowhere", nil), "a", fs.ErrNotExist, fs.ErrNotExist},
		{"unreachable", gcsbucket.New(unreachable, srv.Bucket, nil), "a", downloadview.ErrUpstream, downloadview.ErrUpstream},
		{
			"as stored is not to be had", gcsbucket.New(srv.NewClient(t, &http.Transport{}, storage.WithJSONReads()), srv.Bucket, nil),
			"a", downloadview.ErrUpstream, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := file(t, tt.storage, tt.key)
			if _, err := f.Open(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if _, err := downloadview.OpenRange(t.Context(), f, 0, 1); !errors.Is(err, tt.want) {
				t.Errorf("OpenRange: %v, want %v", err, tt.want)
			}
			if _, err := downloadview.Stat(t.Context(), f); !errors.Is(err, tt.stat) {
				t.Errorf("Stat: %v, want %v", err, tt.stat)
			}
		})
	}
}

func TestContext(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a", bytes.Repeat([]byte("x"), 8<<20))
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
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
	srv := gcstest.Start(t)
	for _, key := range []string{"a/x", "a/y/z", "a-b", "a.txt", "b", "c d/%41+", "no\nkey"} {
		srv.Put(t, key, []byte("12"))
	}
	srv.Put(t, "a/", nil) // what consoles make of an empty folder
	srv.Put(t, "none/", nil)
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	for folder, want := range map[string][]string{
		"":     {"a/", "a-b", "a.txt", "b", "c d/", "none/"},
		"a":    {"x", "y/"},
		"a/y":  {"z"},
		"c d":  {"%41+"},
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
	for _, err := range gcsbucket.New(srv.Client, "nowhere", nil).List(t.Context(), "") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("List of no bucket: %v, want fs.ErrNotExist", err)
		}
	}
	stat := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a/x")) })
	for fi, err := range s.List(t.Context(), "a") {
		if err != nil {
			t.Fatal(err)
		}
		a := downloadview.AttributesOf(fi)
		if fi.Name() == "x" && (a.Size != 2 || a.ETag != stat.ETag || !a.ModTime.Equal(stat.ModTime)) {
			t.Errorf("x is listed as %+v, Stat says %+v", a, stat)
		}
	}
}

func TestTimes(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a", []byte("x"))
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	times, err := downloadview.TimesOf(t.Context(), s, "a")
	stat := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a")) })
	if err != nil || times.Created.IsZero() || !times.Modified.Equal(stat.ModTime) || !times.Accessed.IsZero() {
		t.Errorf("%+v, %v; want when it was created, and modified at %v", times, err, stat.ModTime)
	}
	for key, want := range map[string]error{"gone": fs.ErrNotExist, "..": fs.ErrInvalid} {
		if _, err := s.Times(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("Times(%q): %v, want %v", key, err, want)
		}
	}
}

func TestURL(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "cdn.test", Path: "/media/"}
	s := gcsbucket.New(nil, "files", &gcsbucket.Options{Prefix: "2026/", BaseURL: base})
	if got, err := downloadview.URL(t.Context(), s, "a b/100%.txt"); err != nil || got != "https://cdn.test/media/a%20b/100%25.txt" {
		t.Errorf("URL = %q, %v", got, err)
	}
	if got, err := downloadview.URL(t.Context(), gcsbucket.New(nil, "files", nil), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL without a base = %q, %v, want errors.ErrUnsupported", got, err)
	}
	if got, err := downloadview.URL(t.Context(), s, "../a"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("URL of a way out = %q, %v, want fs.ErrInvalid", got, err)
	}
}
