package middleware_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// A recordingLog tells of every digest that is recorded.
type recordingLog struct {
	mu       sync.Mutex
	sums     map[middleware.FileVersion][sha256.Size]byte
	recorded chan middleware.FileVersion
}

func newRecordingLog() *recordingLog {
	return &recordingLog{sums: map[middleware.FileVersion][sha256.Size]byte{}, recorded: make(chan middleware.FileVersion, 100)}
}

func (l *recordingLog) Digest(_ context.Context, v middleware.FileVersion) ([sha256.Size]byte, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum, ok := l.sums[v]
	return sum, ok, nil
}

func (l *recordingLog) Record(_ context.Context, v middleware.FileVersion, sum [sha256.Size]byte) error {
	l.mu.Lock()
	l.sums[v] = sum
	l.mu.Unlock()
	l.recorded <- v
	return nil
}

// wait waits for the next digest.
func (l *recordingLog) wait(t *testing.T) {
	t.Helper()
	select {
	case <-l.recorded:
	case <-time.After(time.Minute):
		t.Fatal("no digest was recorded")
	}
}

func digestOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// openDisk returns a storage of dir.
func openDisk(t *testing.T, dir string) downloadview.Storage {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return disk.New(root, nil)
}

func filesOf(s downloadview.Storage) downloadview.View {
	return downloadview.StorageView{Storage: s, Key: downloadview.PathKey("/")}
}

var wantDigests = []string{"Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1"}

// The first request for a digest has it computed in the background, and later ones get
// it: each answer the one that is right for it.
func TestDigestsInTheBackground(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 300_000) // more than is read twice for one answer
	proxytest.Write(t, dir, "a.bin", content)
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	v := d.View(filesOf(openDisk(t, dir)))
	resp := askFor(v, "/a.bin", wantDigests...)
	if got := resp.Header.Get("Repr-Digest"); got != "" || resp.StatusCode != 200 {
		t.Errorf("%s, Repr-Digest %q, want none yet", resp.Status, got)
	}
	log.wait(t)
	whole := digestOf(content)
	resp = askFor(v, "/a.bin", wantDigests...)
	tag := resp.Header.Get("Etag")
	if repr, body := resp.Header.Get("Repr-Digest"), resp.Header.Get("Content-Digest"); repr != whole || body != whole {
		t.Errorf("Repr-Digest %q, Content-Digest %q, want %s", repr, body, whole)
	}
	resp = askFor(v, "/a.bin", append(wantDigests, "Range", "bytes=0-99999")...)
	if repr, body := resp.Header.Get("Repr-Digest"), resp.Header.Get("Content-Digest"); resp.StatusCode != 206 || repr != whole || body != digestOf(content[:100_000]) {
		t.Errorf("%s, Repr-Digest %q, Content-Digest %q", resp.Status, repr, body)
	}
	resp = askFor(v, "/a.bin", append(wantDigests, "If-None-Match", tag)...)
	if repr, body := resp.Header.Get("Repr-Digest"), resp.Header.Get("Content-Digest"); resp.StatusCode != 304 || repr != whole || body != "" {
		t.Errorf("%s, Repr-Digest %q, Content-Digest %q", resp.Status, repr, body)
	}
	if resp = askFor(v, "/a.bin"); resp.Header.Get("Repr-Digest") != "" {
		t.Errorf("a Repr-Digest that was not asked for")
	}
	if resp = askFor(v, "/missing", wantDigests...); resp.StatusCode != 404 {
		t.Errorf("%s for a missing file", resp.Status)
	}
}

// The name of a version is ASCII and distinct, whatever the name of the file is.
func TestDigestsOfOddNames(t *testing.T) {
	dir := t.TempDir()
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	for _, name := range []string{"a b.bin", "a%20b.bin", "a\nb", "zażółć", "a\xffb", "a\xfeb"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Logf("no file %q here: %v", name, err)
			continue
		}
		f, err := openDisk(t, dir).File(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Compute(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		v := <-log.recorded
		if strings.ContainsFunc(v.File+v.Version, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q has the version %+v", name, v)
		}
	}
	names := map[string]bool{}
	for v := range log.sums {
		if names[v.File] {
			t.Errorf("two files have the name %q", v.File)
		}
		names[v.File] = true
	}
}

// A variant has its own digests.
func TestDigestsOfVariants(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.css", strings.Repeat("the file itself ", 100))
	proxytest.Write(t, dir, "a.css.br", "brotli")
	s := openDisk(t, dir)
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	v := d.View(middleware.NewVariants(s, nil).View(filesOf(s)))
	for accepts, want := range map[string]string{"br": "brotli", "identity": strings.Repeat("the file itself ", 100)} {
		askFor(v, "/a.css", append(wantDigests, "Accept-Encoding", accepts)...)
		log.wait(t)
		resp := askFor(v, "/a.css", append(wantDigests, "Accept-Encoding", accepts)...)
		repr, body := resp.Header.Get("Repr-Digest"), resp.Header.Get("Content-Digest")
		if got := proxytest.Body(t, resp); got != want || repr != digestOf(want) || body != digestOf(want) {
			t.Errorf("%s: %.20q, Repr-Digest %s, Content-Digest %s; want %.20q", accepts, got, repr, body, want)
		}
	}
}

// A file that is rewritten in place, with the same size and the time set back, is another
// version.
func TestDigestsOfRewrittenFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: elsewhere a version is time and size")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.bin")
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, variantTime, variantTime); err != nil {
			t.Fatal(err)
		}
	}
	write("before")
	s := openDisk(t, dir)
	d := middleware.NewDigests(nil, nil)
	t.Cleanup(d.Close)
	f, err := s.File("a.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Compute(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	v := d.View(filesOf(s))
	if got := askFor(v, "/a.bin", wantDigests...).Header.Get("Repr-Digest"); got != digestOf("before") {
		t.Fatalf("Repr-Digest %q, want that of the file", got)
	}
	write("behind")
	if got := askFor(v, "/a.bin", wantDigests...).Header.Get("Repr-Digest"); got != "" {
		t.Errorf("Repr-Digest %q for the new bytes, want none yet", got)
	}
}

// Files whose times say nothing get a strong entity tag, which is the same on every node,
// and by which a download resumes; also where a rule covers them.
func TestDigestsAreTags(t *testing.T) {
	const content = "0123456789"
	behind := func(v downloadview.View) downloadview.View { return v }
	var tags []string
	for _, node := range []string{"alone", "rule"} {
		dir := filepath.Join(t.TempDir(), node)
		proxytest.Write(t, dir, "a.bin", content)
		if err := os.Chtimes(filepath.Join(dir, "a.bin"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if node == "rule" {
			a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			behind = a.Middleware
		}
		log := newRecordingLog()
		d := middleware.NewDigests(log, nil)
		t.Cleanup(d.Close)
		v := behind(d.View(filesOf(openDisk(t, dir))))
		resolved := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := v.Respond(r)
			resp.CheckFirst = true
			return resp, err
		})
		if tag := askFor(resolved, "/a.bin").Header.Get("Etag"); tag != "" {
			t.Errorf("%s: tag %q, want none before the digest is known", node, tag)
		}
		log.wait(t)
		tag := askFor(resolved, "/a.bin").Header.Get("Etag")
		tags = append(tags, tag)
		resp := askFor(resolved, "/a.bin", "Range", "bytes=5-", "If-Range", tag)
		if got := proxytest.Body(t, resp); resp.StatusCode != 206 || got != content[5:] {
			t.Errorf("%s: resumed by tag: %s %q, want 206 and the rest", node, resp.Status, got)
		}
		if resp := askFor(resolved, "/a.bin", "If-None-Match", tag); resp.StatusCode != 304 {
			t.Errorf("%s: %s, want 304", node, resp.Status)
		}
	}
	if tags[0] == "" || tags[0] != tags[1] {
		t.Errorf("tags %q, want the same on both nodes", tags)
	}
}

// Of many files, one at a time is read in the background.
func TestDigestsOneAtATime(t *testing.T) {
	var open, most atomic.Int32
	log := newRecordingLog()
	d := middleware.NewDigests(log, &middleware.DigestsOptions{Rate: 1 << 30})
	t.Cleanup(d.Close)
	v := d.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f := downloadview.FromOpener(r.URL.Path, func(context.Context) (io.Reader, error) {
			n := open.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			return closing{strings.NewReader("content of " + r.URL.Path), func() { open.Add(-1) }}, nil
		}, &downloadview.Attributes{ETag: `"v1"`})
		return downloadview.Response{File: downloadview.WithSource(f, downloadview.Source{Scheme: "file", Path: r.URL.Path})}, nil
	}))
	for _, path := range []string{"/a", "/b", "/c", "/d", "/e"} {
		r := httptest.NewRequest("HEAD", path, nil) // opens nothing
		r.Header.Set("Want-Repr-Digest", "sha-256=1")
		downloadview.NewHandler(v, nil).ServeHTTP(httptest.NewRecorder(), r)
	}
	for range 5 {
		log.wait(t)
	}
	if most.Load() != 1 {
		t.Errorf("%d files open at once, want 1", most.Load())
	}
}

type closing struct {
	io.Reader
	close func()
}

func (c closing) Close() error { c.close(); return nil }

// A file that changes while it is read has no digest.
func TestDigestsOfChangingFile(t *testing.T) {
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	f := downloadview.WithSource(&changingFile{}, downloadview.Source{Scheme: "file", Path: "/a"})
	if _, err := d.Compute(t.Context(), f); !errors.Is(err, downloadview.ErrChanged) {
		t.Errorf("%v, want ErrChanged", err)
	}
	if len(log.sums) != 0 {
		t.Errorf("recorded %v", log.sums)
	}
	future := downloadview.FromString("a", "content", &downloadview.Attributes{ModTime: time.Now().Add(time.Hour)})
	future = downloadview.WithSource(future, downloadview.Source{Scheme: "file", Path: "/a"})
	if _, err := d.Compute(t.Context(), future); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v, want ErrUnsupported for a file that changed in the future", err)
	}
	unnamed := downloadview.FromString("a", "content", &downloadview.Attributes{ETag: `"v1"`})
	if _, err := d.Compute(t.Context(), unnamed); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v, want ErrUnsupported for a file whose name is not unique", err)
	}
}

// A changingFile has another tag after it was read.
type changingFile struct{ strings.Reader }

func (f *changingFile) Name() string { return "a" }

func (f *changingFile) Open(context.Context) (fs.File, error) {
	f.Reset("0123456789")
	return f, nil
}

func (f *changingFile) Stat() (fs.FileInfo, error) {
	tag := `"old"`
	if f.Len() == 0 {
		tag = `"new"`
	}
	return downloadview.Attributes{Size: 10, ETag: tag}.FileInfo("a"), nil
}

func (f *changingFile) Close() error { return nil }

// A log that fails leaves the answer without a digest, and nothing is computed for it.
func TestDigestsOfFailingLog(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 300_000)
	proxytest.Write(t, dir, "a.bin", content)
	d := middleware.NewDigests(failingLog{t}, nil)
	v := d.View(filesOf(openDisk(t, dir)))
	resp := askFor(v, "/a.bin", wantDigests...)
	if got := proxytest.Body(t, resp); resp.StatusCode != 200 || got != content || resp.Header.Get("Repr-Digest") != "" {
		t.Errorf("%s, %d bytes, Repr-Digest %q", resp.Status, len(got), resp.Header.Get("Repr-Digest"))
	}
	d.Close()
}

type failingLog struct{ t *testing.T }

func (l failingLog) Digest(context.Context, middleware.FileVersion) (sum [sha256.Size]byte, ok bool, err error) {
	return sum, true, errors.New("no database")
}

func (l failingLog) Record(context.Context, middleware.FileVersion, [sha256.Size]byte) error {
	l.t.Error("a digest is recorded")
	return nil
}

// A file that panics when it is read in the background ends neither the program nor the
// background.
func TestDigestsOfPanickingFile(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.bin", "0123456789")
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	panicking := &panickingLater{File: downloadview.FromString("b.bin", "0123456789", &downloadview.Attributes{ModTime: time.Now().Add(-time.Hour)})}
	f := downloadview.WithSource(panicking, downloadview.Source{Scheme: "file", Path: filepath.Join(dir, "b.bin")})
	v := d.View(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return downloadview.Response{File: f}, nil }))
	for range 2 {
		panicking.opened.Store(false)
		if resp := askFor(v, "/b.bin", wantDigests...); resp.StatusCode != 200 {
			t.Errorf("%s, want 200", resp.Status)
		}
		askFor(d.View(filesOf(openDisk(t, dir))), "/a.bin", wantDigests...)
		log.wait(t) // after that of b.bin
		proxytest.Write(t, dir, "a.bin", "another version")
	}
}

// A panickingLater file can be opened once.
type panickingLater struct {
	downloadview.File
	opened atomic.Bool
}

func (f *panickingLater) Open(ctx context.Context) (fs.File, error) {
	if f.opened.Swap(true) {
		panic("opened again")
	}
	return f.File.Open(ctx)
}
