package s3bucket_test

import (
	"bytes"
	"compress/gzip"
	"context"
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
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

func statOf(t *testing.T, s downloadview.Storage, key string) func() (fs.FileInfo, error) {
	return func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, key)) }
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
	srv := s3test.Start(t)
	srv.Put(t, "a.csv", []byte("0123456789"), func(in *s3.PutObjectInput) {
		in.ContentType, in.ContentLanguage, in.ContentEncoding = aws.String("text/csv"), aws.String("pl"), aws.String("br")
	})
	f := file(t, s3bucket.New(srv.Client, srv.Bucket, nil), "a.csv")
	want := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) })
	if want.Size != 10 || want.ModTime.IsZero() || want.ETag != `"781e5e245d69b566979b86e28d23f2c7"` ||
		want.ContentType != "text/csv" || want.ContentLanguage != "pl" || want.ContentEncoding != "br" {
		t.Errorf("Stat = %+v, want all that was stored", want)
	}
	for name, open := range map[string]func() (fs.File, error){
		"whole":  func() (fs.File, error) { return f.Open(t.Context()) },
		"range":  func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 3, 2) },
		"suffix": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, -3, 0) },
	} {
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if got := attributes(t, h.Stat); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, Stat says %+v", name, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "ten", []byte("0123456789"))
	srv.Put(t, "empty", nil)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
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
		{"all", "ten", 0, -1, "0123456789", nil, "bytes=0-"},
		{"last bytes", "ten", -3, 0, "789", nil, "bytes=-3"},
		{"last bytes, length ignored", "ten", -3, 1, "789", nil, "bytes=-3"},
		{"more last bytes than there are", "ten", -11, -1, "0123456789", nil, "bytes=-11"},
		{"all last bytes", "ten", -1 << 63, -1, "0123456789", nil, "bytes=-9223372036854775807"},
		{"at the end", "ten", 10, 1, "", downloadview.ErrRange, "bytes=10-10"},
		{"beyond", "ten", 11, -1, "", downloadview.ErrRange, "bytes=11-"},
		{"no bytes", "ten", 1, 0, "", downloadview.ErrRange, ""},
		{"of nothing", "empty", 0, -1, "", downloadview.ErrRange, "bytes=0-"},
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
			var want []s3test.Request
			if tt.asked != "" {
				want = []s3test.Request{{Operation: "GetObject", Range: tt.asked}}
			}
			if got := srv.Counter.Requests(); !slices.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

func TestEmptyObject(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "empty", nil)
	h, err := file(t, s3bucket.New(srv.Client, srv.Bucket, nil), "empty").Open(t.Context())
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
	srv := s3test.Start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Repeat("text ", 100))
	z.Close()
	srv.Put(t, "a.html", packed.Bytes(), func(in *s3.PutObjectInput) { in.ContentEncoding = aws.String("gzip") })
	h, err := file(t, s3bucket.New(srv.Client, srv.Bucket, nil), "a.html").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributes(t, h.Stat); a.ContentEncoding != "gzip" || a.Size != int64(packed.Len()) {
		t.Errorf("%+v, want gzip of %d bytes", a, packed.Len())
	}
	if got := content(t, h); got != packed.String() {
		t.Errorf("%d bytes arrive, want the %d that are stored", len(got), packed.Len())
	}
}

func TestKeys(t *testing.T) {
	srv := s3test.Start(t)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	keys := []string{
		"a b", "a+b", "a%41b", "a%2Fb", "a?b=c", "a#b", "ąę日", "()'!*", "a;b&c=d", "deep/er/x", `back\slash`, "nl\n", `quote"`,
		"<&>", "~:@,$", strings.Repeat("long/", 190) + "x",
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
	s := s3bucket.New(nil, "bkt", &s3bucket.Options{Prefix: "012345678/"})
	for _, key := range []string{"", "a\x00", "\xff", "..", "../a", "a/../../b", "dir/", strings.Repeat("x", 1015)} {
		_, err := s.File(key)
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pe) || pe.Path != key {
			t.Errorf("File(%.20q): %v, want fs.ErrInvalid that names it", key, err)
		}
	}
	if _, err := s.File(strings.Repeat("x", 1014)); err != nil {
		t.Errorf("File of 1024 bytes with the prefix: %v", err)
	}
}

func TestSource(t *testing.T) {
	s := s3bucket.New(nil, "bkt", &s3bucket.Options{Prefix: "reports/"})
	got, ok := downloadview.SourceOf(file(t, s, "a//b/../c%41"))
	if want := (downloadview.Source{Scheme: "s3", Host: "bkt", Path: "reports/a//b/../c%41"}); got != want || !ok {
		t.Errorf("SourceOf = %v, %t, want %v", got, ok, want)
	}
}

func TestPrefixEndsInASlash(t *testing.T) {
	srv := s3test.Start(t)
	buckettest.PrefixEndsInASlash(t, putter(srv), func(prefix string) downloadview.Storage {
		return s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: prefix})
	})
}

func TestPrefix(t *testing.T) {
	srv := s3test.Start(t)
	buckettest.Prefix(t, putter(srv), s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: "in/"}))
}

func putter(srv *s3test.Server) func(*testing.T, string, []byte) {
	return func(t *testing.T, key string, content []byte) { srv.Put(t, key, content) }
}

func TestServerErrors(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", []byte("x"))
	stranger := *srv
	stranger.SecretKey = "another"
	unreachable := srv.NewClient(t, func(o *s3.Options) {
		o.BaseEndpoint = aws.String("http://127.0.0.1:1")
		o.RetryMaxAttempts = 1
	})
	tests := []struct {
		name    string
		storage *s3bucket.Storage
		key     string
		want    error
	}{
		{"missing", s3bucket.New(srv.Client, srv.Bucket, nil), "gone", fs.ErrNotExist},
		{"below a file", s3bucket.New(srv.Client, srv.Bucket, nil), "a/b", fs.ErrNotExist},
		{"no such bucket", s3bucket.New(srv.Client, "nowhere", nil), "a", fs.ErrNotExist},
		{"wrong key", s3bucket.New(stranger.NewClient(t), srv.Bucket, nil), "a", downloadview.ErrUpstream},
		{"unreachable", s3bucket.New(unreachable, srv.Bucket, nil), "a", downloadview.ErrUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := file(t, tt.storage, tt.key)
			_, err := f.Open(t.Context())
			if !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if _, err = downloadview.OpenRange(t.Context(), f, 0, 1); !errors.Is(err, tt.want) {
				t.Errorf("OpenRange: %v, want %v", err, tt.want)
			}
			if _, err = downloadview.Stat(t.Context(), f); !errors.Is(err, tt.want) {
				t.Errorf("Stat: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestContext(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", bytes.Repeat([]byte("x"), 8<<20))
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
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

// The SDK logs a line for every body that it doesn't verify, unless configured
// not to.
func TestNoLogNoise(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", []byte("0123456789"))
	var lines []string
	client := srv.NewClient(t, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported // as by LoadDefaultConfig
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
			lines = append(lines, fmt.Sprintf(format, v...))
		})
	})
	f := file(t, s3bucket.New(client, srv.Bucket, nil), "a")
	h, err := downloadview.OpenRange(t.Context(), f, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	content(t, h)
	if len(lines) > 0 {
		t.Errorf("a range logs %q, want silence", lines)
	}
	if got := client.Options().ResponseChecksumValidation; got != aws.ResponseChecksumValidationWhenSupported {
		t.Errorf("the client's own setting became %v", got)
	}
}

func TestList(t *testing.T) {
	srv := s3test.Start(t)
	for _, key := range []string{"a/x", "a/y/z", "a-b", "a.txt", "b", "c d/%41+"} {
		srv.Put(t, key, []byte("12"))
	}
	srv.Put(t, "a/", nil) // what consoles make of an empty folder
	srv.Put(t, "none/", nil)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
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
	for _, err := range s3bucket.New(srv.Client, "nowhere", nil).List(t.Context(), "") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("List of no bucket: %v, want fs.ErrNotExist", err)
		}
	}
	for fi, err := range s.List(t.Context(), "a") {
		if err != nil {
			t.Fatal(err)
		}
		if a := downloadview.AttributesOf(fi); fi.Name() == "x" && (a.Size != 2 || a.ETag == "" || a.ModTime.IsZero()) {
			t.Errorf("x is listed as %+v, want size, tag and time", a)
		}
		break
	}
}

func TestURL(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "cdn.test", Path: "/media/"}
	s := s3bucket.New(nil, "files", &s3bucket.Options{Prefix: "2026/", BaseURL: base})
	if got, err := downloadview.URL(t.Context(), s, "a b/100%.txt"); err != nil || got != "https://cdn.test/media/a%20b/100%25.txt" {
		t.Errorf("URL = %q, %v", got, err)
	}
	if got, err := downloadview.URL(t.Context(), s3bucket.New(nil, "files", nil), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL without a base = %q, %v, want errors.ErrUnsupported", got, err)
	}
	if got, err := downloadview.URL(t.Context(), s, "../a"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("URL of a way out = %q, %v, want fs.ErrInvalid", got, err)
	}
}
