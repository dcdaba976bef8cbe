package command

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// archivesOf returns a handler for the pages and archives of a storage.
func archivesOf(t *testing.T, storage downloadview.Storage, l config.ArchiveLimits) http.Handler {
	t.Helper()
	d := delivery{look: true}
	m := &config.Mount{Path: "/a b/", Index: true, Archive: true}
	access := &accessLog{logger: slog.New(slog.DiscardHandler)}
	lim, err := newLimits(new(config.Config), access)
	if err != nil {
		t.Fatal(err)
	}
	h, err := handlerOf(d.view(m, storage), m, &config.Config{Limits: config.Limits{Archives: l}}, nil, lim, access)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// zipped returns the members of a zip archive: the content of a file, or "folder".
func zipped(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%v, of %d bytes", err, len(b))
	}
	got := make(map[string]string)
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			got[f.Name] = "folder"
			continue
		}
		h, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(h)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		got[f.Name] = string(content)
	}
	return got
}

// contained is a storage with listings, whose files are empty.
type contained struct{ listed }

func (contained) File(key string) (downloadview.File, error) {
	return downloadview.FromString(key, "", &downloadview.Attributes{ETag: `"x"`}), nil
}

func answerTo(t *testing.T, h http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// A walk through folders without end stops at the limit, has read no further, and keeps
// little.
func TestArchiveOfEndlessFolders(t *testing.T) {
	asked := 0
	storage := contained{func(_ context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			for i := 0; ; i++ {
				asked++
				if !yield(folderInfo{fmt.Sprint("folder ", i)}, nil) {
					return
				}
				if strings.Contains(folder, "/") && i == 1 {
					return
				}
			}
		}
	}}
	h := archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 1000, MaxSize: 1})
	if w := answerTo(t, h, "HEAD", "/a%20b/?archive=zip"); w.Code != http.StatusRequestEntityTooLarge || asked != 1001 {
		t.Errorf("%d after %d folders, want 413 after 1001", w.Code, asked)
	}
}

// A walk ends when its client has gone.
func TestArchiveEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits, ended := make(chan bool), make(chan error, 1)
		storage := contained{func(ctx context.Context, _ string) iter.Seq2[fs.FileInfo, error] {
			return func(yield func(fs.FileInfo, error) bool) {
				if !yield(folderInfo{"sub"}, nil) {
					return
				}
				close(waits)
				<-ctx.Done()
				ended <- ctx.Err()
				yield(nil, ctx.Err())
			}
		}}
		h := archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 10, MaxSize: 10})
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			defer close(done)
			defer func() { _ = recover() }() // an abort
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/a%20b/?archive=tar", nil))
		}()
		<-waits
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the listing ended with %v", err)
		}
		<-done
	})
}

// Entries with odd names, of which pages have no links, don't keep the walk from ending.
func TestArchiveOfOddNames(t *testing.T) {
	storage := contained{func(_ context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			_ = yield(folderInfo{""}, nil) && yield(downloadview.Attributes{ETag: `"x"`}.FileInfo(""), nil) &&
				yield(downloadview.Attributes{ETag: `"x"`}.FileInfo(".."), nil) &&
				(folder != "" || yield(folderInfo{"."}, nil))
		}
	}}
	h := archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 10, MaxSize: 10})
	w := answerTo(t, h, "GET", "/a%20b/?archive=zip")
	if w.Code != http.StatusOK || w.Header().Get("Content-Disposition") != `attachment; filename="a b.zip"` {
		t.Fatalf("%d, %v", w.Code, w.Header())
	}
	for name := range zipped(t, w.Body.Bytes()) {
		if strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") {
			t.Errorf("it has the name %q", name)
		}
	}
}

// The button says the size only if the page knows all of it, and isn't there if there is
// no archive.
func TestArchiveButton(t *testing.T) {
	file := func(name string, size int64) entry { return entry{name: name, size: size} }
	for _, tt := range []struct {
		name    string
		entries []entry
		query   string
		want    string // "": no button
	}{
		{"files", []entry{file("a", 5), file("b", 7)}, "", `<small>zip, <data value="12" title="12 bytes">12 B</data></small>`},
		{"a folder", []entry{file("a", 5), {name: "b", folder: true, size: -1}}, "", `<small>zip</small>`},
		{"an unknown size", []entry{file("a", 5), file("b", -1)}, "", `<small>zip</small>`},
		{"not sorted", []entry{file("a", 5)}, "?all", `<small>zip</small>`},
		{"nothing", nil, "", ""},
		{"too many", []entry{file("a", 1), file("b", 1), file("c", 1)}, "", ""},
		{"too much", []entry{file("a", 101)}, "", ""},
	} {
		h := archivesOf(t, contained{holding(tt.entries)}, config.ArchiveLimits{MaxFiles: 2, MaxSize: 100})
		w := answerTo(t, h, "GET", "/a%20b/"+tt.query)
		_, button, ok := strings.Cut(w.Body.String(), `<button name="archive" value="zip">Download all `)
		button, _, _ = strings.Cut(button, "</button>")
		if ok != (tt.want != "") || button != tt.want {
			t.Errorf("%s: button %v, %q; want %q", tt.name, ok, button, tt.want)
		}
	}
}

// If a listing has no entity tags, the files are asked, since they may have some, and
// would seem to have changed.
func TestArchiveOfAListingWithoutTags(t *testing.T) {
	storage := contained{holding([]entry{{name: "a", time: time.Unix(1e9, 0)}, {name: "b", size: -1}})}
	h := archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 2, MaxSize: 1})
	w := answerTo(t, h, "GET", "/a%20b/?archive=zip")
	if w.Code != http.StatusOK || w.Header().Get("ETag") == "" {
		t.Fatalf("%d, %v", w.Code, w.Header())
	}
	wantMembers(t, "zip", zipped(t, w.Body.Bytes()), map[string]string{"a": "", "b": ""})
}

func TestArchiveOfGocloud(t *testing.T) {
	storage, release, err := openLocal(t.Context(), &url.URL{Scheme: "mem"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	want := map[string]string{"sub/": "folder", "a.txt": "this is a", "sub/b.txt": "this is b"}
	for key, content := range want {
		if content == "folder" {
			continue
		}
		if err := downloadview.Save(t.Context(), storage, key, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	h := archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 3, MaxSize: 18})
	w := answerTo(t, h, "GET", "/a%20b/?archive=zip")
	if w.Code != http.StatusOK || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) || w.Header().Get("ETag") == "" {
		t.Fatalf("%d, %v", w.Code, w.Header())
	}
	wantMembers(t, "mem", zipped(t, w.Body.Bytes()), want)
	h = archivesOf(t, storage, config.ArchiveLimits{MaxFiles: 3, MaxSize: 17})
	if w := answerTo(t, h, "GET", "/a%20b/?archive=zip"); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d, want 413", w.Code)
	}
}

func wantMembers(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, content := range want {
		if g, ok := got[name]; !ok || g != content {
			t.Errorf("%s: %q is %.40q, want %.40q", what, name, g, content)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q is in it", what, name)
		}
	}
}
