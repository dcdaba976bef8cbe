package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/disk"
)

// serveIndex serves a storage with folders and keeps the log.
func serveIndex(t *testing.T, storage downloadview.Lister) (base string, log *bytes.Buffer) {
	t.Helper()
	log = new(bytes.Buffer)
	h, err := indexOf(storage, slog.NewTextHandler(log, nil))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL, log
}

func indexOf(storage downloadview.Storage, log slog.Handler) (http.Handler, error) {
	d := delivery{look: true}
	m := &config.Mount{Path: "/", Index: true, Hidden: true}
	access := &accessLog{logger: slog.New(log)}
	lim, err := newLimits(new(config.Config), access)
	if err != nil {
		return nil, err
	}
	return folders(d.view(m, storage), lim.at(m), keysOf(m, storage), access, nil)
}

func get(t *testing.T, u string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", u, err)
	}
	return resp, string(body)
}

var anchor = regexp.MustCompile(`<a href="([^"]*)"><bdi>([^<]*)</bdi></a>`)

// Each link of each page, resolved as browsers do, leads to the file or folder of its
// row.
func TestIndexLinks(t *testing.T) {
	names := []string{
		"plain.txt", "a:b", "javascript:alert(1)", "http:", "x?y=z&amp;", "a#b", "a%41", "%2e%2e", "100%", "a;b,c",
		"new\nline", "tab\tand\rreturn", "  blanks  ", `quote"'<>&`, "<script>alert(1)<script>", `back\slash`,
		"\xff\xfe not UTF-8", "\u202etxt.exe", "zażółć 日本", "...", "~", "+", "@", ".hidden",
	}
	if runtime.GOOS != "linux" {
		names = []string{"plain.txt", "a%41", "%2e%2e", "100%", "a;b,c", "a#b", "zażółć 日本", "~", "+", "@", ".hidden"}
	}
	dir := t.TempDir()
	want := make(map[string]bool)
	for i, name := range names {
		sub := filepath.Join(dir, fmt.Sprint("dir ", i, " "+name))
		if err := os.Mkdir(sub, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(dir, name), filepath.Join(sub, name)} {
			if err := os.WriteFile(path, []byte("this is "+path), 0o666); err != nil {
				t.Fatal(err)
			}
			want["this is "+path] = true
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	base, _ := serveIndex(t, disk.New(root, nil))

	visited := make(map[string]bool)
	var visit func(page string)
	visit = func(page string) {
		if visited[page] {
			return
		}
		visited[page] = true
		_, body := get(t, page)
		if strings.Contains(body, "<script") {
			t.Errorf("%s: a name became an element", page)
		}
		at, _ := url.Parse(page)
		for _, m := range anchor.FindAllStringSubmatch(body, -1) {
			link, err := at.Parse(html.UnescapeString(m[1]))
			if err != nil || !strings.HasPrefix(link.String(), base+"/") {
				t.Errorf("%s: link %q leads to %v, %v", page, m[1], link, err)
				continue
			}
			if strings.HasSuffix(link.Path, "/") {
				visit(link.String())
				continue
			}
			_, got := get(t, link.String())
			if !want[got] {
				t.Errorf("%s: link %q gives %q", page, m[1], got)
			}
			delete(want, got)
		}
	}
	visit(base + "/")
	for missing := range want {
		t.Errorf("no link led to %q", missing)
	}
	if len(visited) != len(names)+1 {
		t.Errorf("%d pages, want %d", len(visited), len(names)+1)
	}
}

// listed is a storage with the listing that a test sets.
type listed func(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error]

func (l listed) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return l(ctx, folder)
}

func (l listed) File(key string) (downloadview.File, error) {
	return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrNotExist}
}

func fileInfo(name string, size int64) fs.FileInfo {
	return downloadview.Attributes{Size: size}.FileInfo(name)
}

var errSecret = errors.New("disk at secret-host is on fire")

func failing(infos ...fs.FileInfo) listed {
	return func(context.Context, string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			for _, fi := range infos {
				if !yield(fi, nil) {
					return
				}
			}
			yield(nil, errSecret)
		}
	}
}

func TestIndexFailsBeforeFirstRow(t *testing.T) {
	base, log := serveIndex(t, failing())
	resp, body := get(t, base+"/")
	if resp.StatusCode != http.StatusInternalServerError || body != "Internal Server Error\n" {
		t.Errorf("answer = %s, %q", resp.Status, body)
	}
	if !strings.Contains(log.String(), errSecret.Error()) {
		t.Errorf("the log doesn't say why:\n%s", log)
	}
}

func TestIndexFailsLater(t *testing.T) {
	base, log := serveIndex(t, failing(fileInfo("a", 1)))
	resp, body := get(t, base+"/")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, ">a</bdi>") {
		t.Errorf("answer = %s, %q; want the row there was", resp.Status, body)
	}
	if !strings.Contains(body, `role="alert">This list is incomplete`) || !strings.Contains(body, "</html>") {
		t.Errorf("the page doesn't say that it is incomplete:\n%s", body)
	}
	if strings.Contains(body, "secret") {
		t.Error("the page tells the error")
	}
	for _, want := range []string{errSecret.Error(), "aborted_by=origin"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
}

// On the page of all rows, each row is written as it arrives: the client reads one while
// the list waits for the client. The bubble would report a deadlock.
func TestIndexStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		storage := listed(func(context.Context, string) iter.Seq2[fs.FileInfo, error] {
			return func(yield func(fs.FileInfo, error) bool) {
				for i := range 100 {
					if !yield(fileInfo(fmt.Sprint("file ", i), 1), nil) {
						return
					}
				}
				<-read
			}
		})
		h, err := indexOf(storage, slog.DiscardHandler)
		if err != nil {
			t.Fatal(err)
		}
		r, w := io.Pipe()
		go func() {
			h.ServeHTTP(&pipeWriter{Writer: w, header: make(http.Header)}, httptest.NewRequest("GET", "/?all", nil))
			w.Close()
		}()
		var seen []byte
		buf := make([]byte, 512)
		for !bytes.Contains(seen, []byte("file 99<")) {
			n, err := r.Read(buf)
			if err != nil {
				t.Fatalf("after %d bytes: %v", len(seen), err)
			}
			seen = append(seen, buf[:n]...)
		}
		close(read)
		rest, err := io.ReadAll(r)
		if err != nil || !bytes.Contains(rest, []byte("100 files")) {
			t.Errorf("rest = %q, %v", rest, err)
		}
	})
}

type pipeWriter struct {
	io.Writer
	header http.Header
}

func (w *pipeWriter) Header() http.Header { return w.header }
func (w *pipeWriter) WriteHeader(int)     {}

// A HEAD stops at the first row, and a client that is gone ends the list.
func TestIndexStopsListing(t *testing.T) {
	var yielded int
	storage := listed(func(context.Context, string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			for yielded = 1; yield(fileInfo("a", 1), nil); yielded++ {
				if yielded == 1_000_000 {
					t.Error("nobody ends the list")
					return
				}
			}
		}
	})
	var log bytes.Buffer
	h, err := indexOf(storage, slog.NewTextHandler(&log, nil))
	if err != nil {
		t.Fatal(err)
	}
	head := httptest.NewRecorder()
	h.ServeHTTP(head, httptest.NewRequest("HEAD", "/", nil))
	if head.Code != http.StatusOK || head.Body.Len() != 0 || yielded != 1 {
		t.Errorf("HEAD = %d with %d bytes after %d rows; want 200, 0, 1", head.Code, head.Body.Len(), yielded)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(gone))
	if yielded != 1 {
		t.Errorf("%d rows were listed for a client that is gone", yielded)
	}
	r, w := io.Pipe()
	r.Close()
	h.ServeHTTP(&pipeWriter{Writer: w, header: make(http.Header)}, httptest.NewRequest("GET", "/?all", nil))
	if strings.Count(log.String(), "aborted_by=client") != 2 {
		t.Errorf("the log doesn't say that two clients left:\n%s", &log)
	}
}

// Buckets can have names that no link can lead to.
func TestIndexOddKeys(t *testing.T) {
	var asked []string
	storage := listed(func(_ context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
		asked = append(asked, folder)
		return func(yield func(fs.FileInfo, error) bool) {
			_ = yield(fileInfo("..", 1), nil) && yield(folderInfo{""}, nil) && yield(folderInfo{"b"}, nil)
		}
	})
	base, _ := serveIndex(t, storage)
	_, body := get(t, base+"/a//")
	if len(asked) != 1 || asked[0] != "a/" {
		t.Errorf("asked for %q, want the folder \"a/\"", asked)
	}
	var links []string
	for _, m := range anchor.FindAllStringSubmatch(body, -1) {
		links = append(links, m[1])
	}
	if got, want := strings.Join(links, " "), "../../ ../ .// ./b/"; got != want {
		t.Errorf("links = %q, want %q", got, want)
	}
	resp, _ := get(t, base+"//")
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("GET // = %s, want 404", resp.Status)
	}
}

type folderInfo struct{ name string }

func (f folderInfo) Name() string     { return f.name }
func (folderInfo) Size() int64        { return 0 }
func (folderInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (folderInfo) ModTime() time.Time { return time.Time{} }
func (folderInfo) IsDir() bool        { return true }
func (folderInfo) Sys() any           { return nil }

func TestVisible(t *testing.T) {
	for name, want := range map[string]string{
		"plain é 日本":     "plain é 日本",
		"a\nb\x00\x7f":   "a␊b␀␡",
		"\xff":           "\uFFFD",
		"\u202etxt.exe":  "\uFFFDtxt.exe",
		"\u2067x\u2069y": "\uFFFDx\uFFFDy",
	} {
		if got := visible(name); got != want {
			t.Errorf("visible(%q) = %q, want %q", name, got, want)
		}
	}
}
