package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/downloadtest"
	store "github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// inMemory stands for the bucket s3://b.
var inMemory = downloadtest.Storage{
	Files:  map[string]string{"a.txt": "0123456789", "x/../a.txt": "up"},
	Source: downloadview.Source{Scheme: "s3", Host: "b"},
}

// The errors of a file pass through unchanged.
func TestBucketPassesErrors(t *testing.T) {
	var log bytes.Buffer
	for _, want := range []error{downloadview.ErrUpstream, fs.ErrNotExist, fmt.Errorf("at secret.internal: %w", fs.ErrNotExist)} {
		failing := storagetest.Fail(inMemory, storagetest.Failure{Open: want, Stat: want})
		f, err := newBucket(failing, time.Minute, slog.New(slog.NewTextHandler(&log, nil))).File("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, opened := f.Open(t.Context())
		_, stat := downloadview.Stat(t.Context(), f)
		_, part := downloadview.OpenRange(t.Context(), downloadview.Pin(f, `"v1"`), 1, 2)
		for _, err := range []error{opened, stat, part} {
			if !errors.Is(err, want) || log.Len() > 0 {
				t.Errorf("%v becomes %v, and the log says %q", want, err, &log)
			}
		}
	}
}

func TestBucketKeys(t *testing.T) {
	b := newBucket(inMemory, time.Minute, slog.New(slog.DiscardHandler))
	for _, key := range []string{"x/../a.txt", "../a", "a../b"} {
		if _, err := b.File(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q): %v, want ErrInvalid", key, err)
		}
	}
	f, err := b.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := storagetest.CheckFile(t.Context(), f); err != nil {
		t.Error(err)
	}
	if src, ok := downloadview.SourceOf(f); !ok || src.String() != "s3://b/a.txt" {
		t.Errorf("source %v, %t", src, ok)
	}
}

// stuck lists one entry and then waits for its context.
type stuck struct{ downloadview.Storage }

func (stuck) List(ctx context.Context, _ string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		if yield(downloadview.Attributes{}.FileInfo("a"), nil) {
			<-ctx.Done()
			yield(nil, ctx.Err())
		}
	}
}

// mute lists nothing and waits for its context.
type mute struct{ downloadview.Storage }

func (mute) List(ctx context.Context, _ string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func TestBucketListsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(stuck{inMemory}, time.Millisecond, slog.New(slog.DiscardHandler))
		entries := 0
		var last error
		for _, err := range b.List(t.Context(), "") {
			if last = err; err == nil {
				entries++
			}
		}
		if entries != 1 || !errors.Is(last, os.ErrDeadlineExceeded) || downloadview.StatusCode(last) != http.StatusGatewayTimeout {
			t.Errorf("%d entries, then %v; want 1 and a 504", entries, last)
		}
		for _, err := range newBucket(mute{inMemory}, time.Millisecond, b.logger).List(t.Context(), "") {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a listing that doesn't begin: %v", err)
			}
		}
		ctx, end := context.WithCancel(t.Context())
		defer end()
		patient := newBucket(stuck{inMemory}, time.Hour, slog.New(slog.DiscardHandler))
		for _, err := range patient.List(ctx, "") {
			end()
			last = err
		}
		if !errors.Is(last, context.Canceled) || errors.Is(last, os.ErrDeadlineExceeded) {
			t.Errorf("who went away gets %v", last)
		}
	})
}

// Storages of clouds get limits, and local ones don't.
func TestBounded(t *testing.T) {
	b := newBuckets(&config.BucketLimits{ReadAhead: 2, ReadAheadPart: 4, ReadAheadMemory: 8, Tries: 2, FirstByte: time.Second}, slog.New(slog.DiscardHandler))
	for _, scheme := range []string{"file", "mem"} {
		if _, ok := b.bounded(inMemory, &url.URL{Scheme: scheme}).(downloadtest.Storage); !ok {
			t.Errorf("%s:// is wrapped", scheme)
		}
	}
	count := storagetest.Count(inMemory)
	f, err := b.bounded(count, &url.URL{Scheme: "s3"}).File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	downloadview.SendFile(w, httptest.NewRequest("GET", "/", nil), f)
	if w.Body.String() != "0123456789" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if r := b.reach(""); r.Credentials != time.Second {
		t.Errorf("credentials may take %v", r.Credentials)
	}
}

// A missing bucket is logged once, and again only if it existed in between.
func TestMissingBucketIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	b := newBucket(nil, time.Minute, slog.New(slog.NewTextHandler(&log, nil)))
	gone := store.NoBucket(errors.New("NoSuchBucket"))
	missing := storagetest.Fail(inMemory, storagetest.Failure{Open: gone, Stat: gone})
	for turn := range 2 {
		for _, there := range []bool{false, true} {
			log.Reset()
			b.Inner = missing
			if there {
				b.Inner = inMemory
			}
			f, err := b.File("a.txt")
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if h, err := f.Open(t.Context()); err == nil {
					h.Close()
				}
				downloadview.Stat(t.Context(), f)
			}
			want := `level=ERROR msg="the bucket is missing"`
			if there {
				want = `level=INFO msg="the bucket exists again"`
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
				t.Errorf("turn %d: the log says %q, want %s once", turn, got, want)
			}
		}
	}
}
