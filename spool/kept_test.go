package spool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// Complete content is answered as a local file is.
func TestComplete(t *testing.T) {
	want := content(100_000)
	p := making(want)
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	f := p.file(&downloadview.Attributes{ContentType: "text/csv", ContentLanguage: "de", ETag: `W/"weak"`})
	url := serve(t, s, f, nil)
	key := spool.ID{Key: "x"}
	if err := s.Warm(t.Context(), key, f); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(want)

	resp := do(t, "GET", url+"/x", map[string]string{"Want-Repr-Digest": "sha-256=1"})
	tag := resp.Header.Get("ETag")
	for field, want := range map[string]string{
		"Content-Length": "100000", "Content-Type": "text/csv; charset=utf-8", "Content-Language": "de", "Accept-Ranges": "bytes",
		"Content-Disposition": `attachment; filename="report.csv"`,
		"Repr-Digest":         "sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":",
		"Cache-Status":        "downloadview; hit",
	} {
		if got := resp.Header.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if !bytes.Equal(read(t, resp), want) || len(tag) < 20 {
		t.Errorf("other bytes, or an entity tag of too little: %s", tag)
	}
	modified := resp.Header.Get("Last-Modified")
	fi, err := os.Stat(filepath.Join(dir, left(t, dir, "files")[0]))
	if err != nil || modified != fi.ModTime().UTC().Format(http.TimeFormat) {
		t.Errorf("Last-Modified %s, but the file is of %v (%v)", modified, fi.ModTime(), err)
	}
	for _, tt := range []struct {
		method, field, value string
		status               int
		body                 []byte
	}{
		{"HEAD", "Range", "bytes=0-1", 200, nil},
		{"GET", "Range", "bytes=10-19", 206, want[10:20]},
		{"GET", "Range", "bytes=-5", 206, want[len(want)-5:]},
		{"GET", "Range", "bytes=100000-", 416, []byte("Requested Range Not Satisfiable\n")},
		{"GET", "If-None-Match", tag, 304, nil},
		{"HEAD", "If-None-Match", tag, 304, nil},
		{"GET", "If-Match", `"other"`, 412, []byte("Precondition Failed\n")},
		{"GET", "If-Modified-Since", modified, 304, nil},
	} {
		resp := do(t, tt.method, url+"/x", map[string]string{tt.field: tt.value})
		if body := read(t, resp); resp.StatusCode != tt.status || !bytes.Equal(body, tt.body) {
			t.Errorf("%s with %s: %s: %s, %d bytes, want %d and %d bytes", tt.method, tt.field, tt.value, resp.Status, len(body), tt.status, len(tt.body))
		}
		if got := resp.Header.Get("ETag"); tt.status < 400 && got != tag {
			t.Errorf("%s with %s: entity tag %s, want %s", tt.method, tt.field, got, tag)
		}
	}
	if got, ok := s.SHA256(key); !ok || !bytes.Equal(got, digest[:]) {
		t.Errorf("SHA256: %x, %t, want %x", got, ok, digest)
	}
	if p.calls.Load() != 1 {
		t.Errorf("made %d times, want once", p.calls.Load())
	}
}

// While content is being made, there is no length unless the file has one, and the
// validators are those that it will have.
func TestGrowing(t *testing.T) {
	want := content(100_000)
	for _, size := range []int64{0, int64(len(want))} {
		t.Run(fmt.Sprint("size ", size), func(t *testing.T) {
			goOn := make(chan struct{})
			release := sync.OnceFunc(func() { close(goOn) })
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				w.Write(want[:1000])
				<-goOn
				_, err := w.Write(want[1000:])
				return err
			}}
			s, seen := newSpool(t, "", nil)
			url := serve(t, s, p.file(&downloadview.Attributes{Size: size}), nil)

			resp := do(t, "HEAD", url+"/x", nil)
			if got := resp.Header.Get("Cache-Status"); got != "downloadview; fwd=uri-miss" || p.calls.Load() != 0 {
				t.Errorf("HEAD before: %s, %q, made %d times; want that nothing is made", resp.Status, got, p.calls.Load())
			}
			first := do(t, "GET", url+"/x", nil)
			if got := first.Header.Get("Cache-Status"); got != "downloadview; fwd=uri-miss; stored" {
				t.Errorf("Cache-Status %q", got)
			}
			tag := first.Header.Get("ETag")
			resp = do(t, "HEAD", url+"/x", nil)
			length := int64(-1)
			if size > 0 {
				length = size
			}
			if got := resp.Header.Get("ETag"); resp.StatusCode != http.StatusOK || resp.ContentLength != length || got != tag || tag == "" {
				t.Errorf("HEAD: %s, length %d, tag %s, want 200, %d, %s", resp.Status, resp.ContentLength, got, length, tag)
			}
			if got := resp.Header.Get("Cache-Status"); got != "downloadview; fwd=uri-miss; collapsed" {
				t.Errorf("Cache-Status %q", got)
			}
			if resp = do(t, "GET", url+"/x", map[string]string{"If-None-Match": tag}); resp.StatusCode != http.StatusNotModified {
				t.Errorf("If-None-Match: %s, want 304", resp.Status)
			}
			for _, r := range []string{"bytes=0-999", "bytes=500-", "bytes=500-9007199254740991"} {
				status, body := http.StatusOK, want
				if size > 0 {
					status, body = http.StatusPartialContent, want[500:]
				}
				if r == "bytes=0-999" {
					if size == 0 {
						continue
					}
					body = want[:1000]
				} else {
					release() // the answer may wait for what comes
				}
				resp := do(t, "GET", url+"/x", map[string]string{"Range": r, "If-Range": tag})
				if p.calls.Load() > 1 {
					t.Errorf("made %d times", p.calls.Load())
				}
				// Meanwhile the content may be complete; then it has ranges.
				if resp.StatusCode == http.StatusPartialContent && size == 0 {
					body = want[500:]
					status = resp.StatusCode
				}
				if got := read(t, resp); resp.StatusCode != status || !bytes.Equal(got, body) {
					t.Errorf("%s: %s with %d bytes, want %d with %d", r, resp.Status, len(got), status, len(body))
				}
			}
			if !bytes.Equal(read(t, first), want) {
				t.Error("the first client has other bytes")
			}
			seen.await(spool.Kept, 1)
			resp = do(t, "GET", url+"/x", map[string]string{"Range": "bytes=99000-", "If-Range": tag})
			if got := read(t, resp); resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, want[99000:]) {
				t.Errorf("resumed when complete: %s, %d bytes, want 206 and 1000", resp.Status, len(got))
			}
		})
	}
}

// A range that is not there yet comes from the file itself, if it has ranges and the
// tag says that the bytes are the same.
func TestRangeAhead(t *testing.T) {
	want := content(100_000)
	for _, tt := range []struct {
		tag  string
		want bool
	}{{`"v1"`, true}, {`"v2"`, false}, {"", false}} {
		t.Run(tt.tag, func(t *testing.T) {
			goOn := make(chan struct{})
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				w.Write(want[:1000])
				<-goOn
				_, err := w.Write(want[1000:])
				return err
			}}
			f := &ranged{File: p.file(&downloadview.Attributes{Size: int64(len(want)), ETag: `"v1"`}), bytes: want, tag: tt.tag, done: make(chan struct{})}
			if !tt.want {
				f.bytes = make([]byte, len(want)) // of another version
			}
			s, seen := newSpool(t, "", nil)
			url := serve(t, s, f, nil)
			first := do(t, "GET", url+"/x", nil)
			if !tt.want {
				// The answer waits, so it is asked for in the background.
				go func() {
					<-f.done
					close(goOn)
				}()
			}
			resp := do(t, "GET", url+"/x", map[string]string{"Range": "bytes=90000-"})
			if got := read(t, resp); resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, want[90_000:]) {
				t.Errorf("%s, %d bytes, want 206 and 10000", resp.Status, len(got))
			}
			if tt.want {
				close(goOn)
			}
			if !bytes.Equal(read(t, first), want) {
				t.Error("the first client has other bytes")
			}
			seen.await(spool.Kept, 1)
			if n := p.calls.Load(); n != 1 {
				t.Errorf("made %d times, want once", n)
			}
		})
	}
}

// A ranged file has ranges with a tag and bytes of their own.
type ranged struct {
	downloadview.File
	bytes []byte
	tag   string
	done  chan struct{} // closed when a range was opened
}

func (f *ranged) OpenRange(_ context.Context, offset, _ int64) (fs.File, error) {
	defer close(f.done)
	h, err := downloadview.FromBytes("x", f.bytes[offset:], &downloadview.Attributes{ETag: f.tag}).Open(context.Background())
	return h, err
}

// Keys and versions are apart, however they are cut.
func TestIDs(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	ids := []spool.ID{{"a", "b"}, {"ab", ""}, {"a", ""}, {"../../x", ""}, {"a", "../../x"}, {"A", "b"}, {"ü\x00\n", ""}}
	for i, id := range ids {
		if err := s.Warm(t.Context(), id, making(fmt.Append(nil, i)).file(nil)); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for i, id := range ids {
		f, err := s.File(id, making([]byte("made again")).file(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := open(t, f); string(got) != fmt.Sprint(i) {
			t.Errorf("%q: %q, want %d", id, got, i)
		}
	}
	if names := left(t, dir, "files"); len(names) != len(ids) {
		t.Errorf("%q, want %d files", names, len(ids))
	}
	if f, err := s.File(spool.ID{Version: "1"}, making(nil).file(nil)); err == nil {
		t.Errorf("a file without a key: %v, want an error", f)
	}
	if f, err := s.File(january, nil); err == nil {
		t.Errorf("no file: %v, want an error", f)
	}
}

func open(t testing.TB, f downloadview.File) []byte {
	t.Helper()
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Error(err)
	}
	return b
}

// A file that was changed in the folder is not served.
func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 10) },
		"longer": func(path string) error {
			fi, err := os.Stat(path)
			if err != nil {
				return err
			}
			return errors.Join(os.Truncate(path, 2000), os.Chtimes(path, fi.ModTime(), fi.ModTime()))
		},
		"no record": func(path string) error {
			return os.Remove(filepath.Join(filepath.Dir(path), "..", "records", filepath.Base(path)))
		},
		"a spoilt record": func(path string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(path), "..", "records", filepath.Base(path)), []byte("{"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, _ := newSpool(t, dir, nil)
			p := making(content(1000))
			if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
				t.Fatal(err)
			}
			if err := damage(filepath.Join(dir, left(t, dir, "files")[0])); err != nil {
				t.Fatal(err)
			}
			f, err := s.File(january, p.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := open(t, f); !bytes.Equal(got, content(1000)) || p.calls.Load() != 2 {
				t.Errorf("%d bytes, made %d times, want the content made again", len(got), p.calls.Load())
			}
		})
	}
}

// What is forgotten is made again, also if it is forgotten while it is made.
func TestForget(t *testing.T) {
	goOn := make(chan struct{})
	p := &producer{}
	p.make = func(_ context.Context, w io.Writer) error {
		fmt.Fprint(w, "number ", p.calls.Load())
		<-goOn
		return nil
	}
	dir := t.TempDir()
	s, seen := newSpool(t, dir, nil)
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), january); err != nil {
		t.Fatal(err)
	}
	for _, name := range left(t, dir, "parts") {
		if strings.HasSuffix(name, ".head") {
			t.Errorf("%s: other processes could begin to follow", name)
		}
	}
	close(goOn)
	if b, err := io.ReadAll(h); string(b) != "number 1" || err != nil {
		t.Errorf("%q, %v, want what was being made", b, err)
	}
	h.Close()
	seen.await(spool.NotKept, 1)
	for i, want := range []string{"number 2", "number 2"} {
		if got := string(open(t, f)); got != want {
			t.Errorf("open %d: %q, want %q", i+1, got, want)
		}
		seen.await(spool.Kept, 1)
	}
	for range 2 {
		if err := s.Forget(t.Context(), january); err != nil {
			t.Fatal(err)
		}
	}
	wantNothing(t, dir, "files", "records", "parts")
	if got := string(open(t, f)); got != "number 3" {
		t.Errorf("%q, want it made again", got)
	}
}

// Content that is too old is made again, and removed when something else is made.
func TestMaxAge(t *testing.T) {
	dir := t.TempDir()
	s, seen := newSpool(t, dir, &spool.Options{MaxAge: time.Nanosecond})
	p := making([]byte("content"))
	for range 2 {
		if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.calls.Load(); n != 2 {
		t.Errorf("made %d times, want twice", n)
	}
	if err := s.Warm(t.Context(), spool.ID{Key: "other"}, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	if names := left(t, dir, "files"); len(names) != 1 || seen.count(spool.Expired) != 2 {
		t.Errorf("%q, %d expired, want the new one only", names, seen.count(spool.Expired))
	}
	s, _ = newSpool(t, t.TempDir(), &spool.Options{MaxAge: time.Hour})
	f := making([]byte("content")).file(nil)
	if err := s.Warm(t.Context(), spool.ID{Key: "x"}, f); err != nil {
		t.Fatal(err)
	}
	var ttl int
	status := do(t, "GET", serve(t, s, f, nil)+"/x", nil).Header.Get("Cache-Status")
	if _, err := fmt.Sscanf(status, "downloadview; hit; ttl=%d", &ttl); err != nil || ttl < 3000 || ttl > 3600 {
		t.Errorf("Cache-Status %q, want an hour or a little less", status)
	}
}

// A file that isn't the one that was made, such as one that somebody has cut off, is neither
// a hit nor a place for a proxy: it is made again.
func TestFileIsNotTheOneThatWasMade(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	p := making([]byte("content"))
	id := spool.ID{Key: "x"}
	if err := s.Warm(t.Context(), id, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, left(t, dir, "files")[0]), 3); err != nil {
		t.Fatal(err)
	}
	f, err := s.File(id, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if src, ok := downloadview.SourceOf(f); ok {
		t.Errorf("source %v", src)
	}
	resp := do(t, "GET", serve(t, s, p.file(nil), nil)+"/x", nil)
	if got := resp.Header.Get("Cache-Status"); got != "downloadview; fwd=uri-miss; stored" || string(read(t, resp)) != "content" || p.calls.Load() != 2 {
		t.Errorf("Cache-Status %q, made %d times, want it made again", got, p.calls.Load())
	}
}

// If somebody empties the folder of a running process, content is made and kept again.
func TestFolderIsEmptied(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, &spool.Options{MaxBytes: 1 << 20})
	p := making([]byte("content"))
	for range 2 {
		if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.SHA256(january); !ok {
			t.Error("the content is not kept")
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := p.calls.Load(); n != 2 {
		t.Errorf("made %d times, want twice", n)
	}
}

// What a proxy was told to send just before it was too old is there until it was made again.
func TestMaxAgeAfterAHandover(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, &spool.Options{MaxAge: time.Hour, MaxBytes: 1 << 20})
	f, err := s.File(january, making([]byte("old")).file(nil))
	if err == nil {
		err = s.Warm(t.Context(), january, making([]byte("old")).file(nil))
	}
	if err != nil {
		t.Fatal(err)
	}
	src, ok := downloadview.SourceOf(f)
	if !ok {
		t.Fatal("no source")
	}
	madeAt(t, dir, time.Now().Add(-2*time.Hour).Truncate(time.Second))
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		if b, err := os.ReadFile(src.Path); string(b) != "old" {
			t.Errorf("while it is made again, the proxy reads %q, %v", b, err)
		}
		if _, ok := downloadview.SourceOf(f); ok {
			t.Error("what is too old is handed over")
		}
		_, err := io.WriteString(w, "new")
		return err
	}}
	if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(src.Path); string(b) != "new" {
		t.Errorf("afterwards the proxy reads %q, %v", b, err)
	}
}

// Complete content is described as its bytes are.
func TestCheckFile(t *testing.T) {
	for _, a := range []*downloadview.Attributes{nil, {Size: 100_000, ContentType: "text/csv"}} {
		s, _ := newSpool(t, "", nil)
		p := making(content(100_000))
		f, err := s.File(january, p.file(a))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Warm(t.Context(), january, p.file(a)); err != nil {
			t.Fatal(err)
		}
		if err := storagetest.CheckFile(t.Context(), f); err != nil {
			t.Errorf("complete: %v", err)
		}
	}
}

// A start removes what belongs to no content, and nothing else.
func TestStart(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	if err := s.Warm(t.Context(), january, making([]byte("content")).file(nil)); err != nil {
		t.Fatal(err)
	}
	stays := left(t, dir, "files", "records")
	name := strings.Repeat("ab", 32)
	for _, path := range []string{"records/" + name, "parts/" + name + ".X", "parts/" + name + ".X.json", "locks/" + name} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newSpool(t, dir, nil)
	if names := left(t, dir, "files", "records", "parts", "locks"); !slices.Equal(names, stays) {
		t.Errorf("%q, want %q", names, stays)
	}
}

// Bad options are refused by name.
func TestBadOptions(t *testing.T) {
	for _, o := range []spool.Options{{MaxBytes: -1}, {MaxAge: -1}, {Second: noSaver{}}} {
		if s, err := spool.New(t.TempDir(), &o); err == nil {
			s.Close()
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := spool.New("", nil); err == nil {
		t.Error("no folder: no error")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.New(file, nil); err == nil {
		t.Error("a file as the folder: no error")
	}
}

type noSaver struct{ downloadview.Storage }
