package command

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// openDir makes a directory that every user may list.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "command") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An archive has what the pages show, and nothing that would break it off: not what the
// server may not read, no pipes, and no links that lead back.
func TestArchiveOfDirectory(t *testing.T) {
	dir := openDir(t)
	for name, mode := range map[string]os.FileMode{
		"a.txt": 0o644, "run.sh": 0o755, "locked": 0, "group": 0o640, ".hidden": 0o644, "CON": 0o644,
		"sub/b é.txt": 0o644, "sub/deep/c.txt": 0o644, "shut/d.txt": 0o644,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, file, "this is "+name)
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, err := range []error{
		os.Chtimes(filepath.Join(dir, "a.txt"), then, then),
		os.Mkdir(filepath.Join(dir, "empty"), 0o755),
		os.Chmod(filepath.Join(dir, "shut"), 0),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644),
		os.Symlink("a.txt", filepath.Join(dir, "link")),
		os.Symlink("sub/deep", filepath.Join(dir, "linked")),
		os.Symlink(".", filepath.Join(dir, "here")),
		os.Symlink("../..", filepath.Join(dir, "sub/deep/back")),
		os.Symlink("../deep", filepath.Join(dir, "sub/deep/itself")),
		os.Symlink("/etc/passwd", filepath.Join(dir, "out")),
		os.Symlink("nothing", filepath.Join(dir, "dangling")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 { // nobody has no part in it
		if err := os.Chown(filepath.Join(dir, "group"), 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(openDir(t), "downloadview")
	copyOfItself(t, program)
	p, err := startCommand(asNobody(program, "serve", "--listen=127.0.0.1:0", "--archive", dir))
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)

	want := map[string]string{
		"a.txt": "this is a.txt", "run.sh": "this is run.sh", "link": "this is a.txt", "CON": "this is CON",
		"empty/": "folder", "sub/": "folder", "sub/b é.txt": "this is sub/b é.txt", "shut/": "folder",
		"sub/deep/": "folder", "sub/deep/c.txt": "this is sub/deep/c.txt",
		"linked/": "folder", "linked/c.txt": "this is sub/deep/c.txt",
	}
	if os.Geteuid() != 0 {
		want["group"] = "this is group"
	}
	got := make(map[string]string)
	var order []string
	for r := tar.NewReader(strings.NewReader(p.get(t, "GET", "/?archive=tar").body)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, h.Name)
		got[h.Name] = string(content)
		if h.Typeflag == tar.TypeDir {
			got[h.Name] = "folder"
		}
		if h.Name == "a.txt" && (!h.ModTime.Equal(then) || h.Mode != 0o644) || h.Name == "run.sh" && h.Mode != 0o755 {
			t.Errorf("%s has the time %v and the mode %o", h.Name, h.ModTime, h.Mode)
		}
	}
	wantMembers(t, "tar", got, want)
	if i, j, k := slices.Index(order, "run.sh"), slices.Index(order, "linked/c.txt"), slices.Index(order, "sub/deep/c.txt"); i > j || j > k {
		t.Errorf("order %q, want files before folders, and folders in their order", order)
	}

	want["_CON"] = want["CON"] // Windows has no such file
	delete(want, "CON")
	a := p.get(t, "GET", "/?archive=zip")
	wantMembers(t, "zip", zipped(t, []byte(a.body)), want)
	file := filepath.Join(t.TempDir(), "all.zip")
	writeFile(t, file, a.body)
	if out, err := exec.Command(testserver.Binary(t, "unzip", "DOWNLOADVIEW_UNZIP"), "-tqq", file).CombinedOutput(); err != nil {
		t.Errorf("unzip: %v: %s", err, out)
	}
	want = map[string]string{
		"c.txt": "this is sub/deep/c.txt", "back/": "folder", "back/a.txt": "this is a.txt", "back/run.sh": "this is run.sh",
		"back/link": "this is a.txt", "back/_CON": "this is CON", "back/empty/": "folder", "back/shut/": "folder",
		"back/sub/": "folder", "back/sub/b é.txt": "this is sub/b é.txt",
	}
	if os.Geteuid() != 0 {
		want["back/group"] = "this is group"
	}
	wantMembers(t, "sub/deep", zipped(t, []byte(p.get(t, "GET", "/sub/deep/?archive=zip").body)), want)
}

// curl resumes an archive, also by HTTP/1.0, and the whole has the length that was
// announced.
func TestArchiveIsResumed(t *testing.T) {
	curl := testserver.Binary(t, "curl", "DOWNLOADVIEW_CURL")
	dir := t.TempDir()
	for i := range 20 {
		writeFile(t, filepath.Join(dir, fmt.Sprint(i)), strings.Repeat(fmt.Sprint("line ", i, "\n"), 20_000))
	}
	p := start(t, "--archive", dir)
	for _, kind := range []string{"zip", "tar"} {
		whole := p.get(t, "GET", "/?archive="+kind)
		if n := whole.header.Get("Content-Length"); n != fmt.Sprint(len(whole.body)) {
			t.Errorf("%s: announced %s bytes, sent %d", kind, n, len(whole.body))
		}
		for _, more := range [][]string{nil, {"--http1.0"}} {
			part := filepath.Join(t.TempDir(), "part")
			writeFile(t, part, whole.body[:len(whole.body)*2/3])
			args := append(more, "-sSf", "-C", "-", "-o", part, p.url+"/?archive="+kind)
			if out, err := exec.Command(curl, args...).CombinedOutput(); err != nil {
				t.Fatalf("curl %q: %v: %s", args, err, out)
			}
			if got, err := os.ReadFile(part); err != nil || string(got) != whole.body {
				t.Errorf("curl %q: %d bytes, %v; want the archive, %d bytes", args, len(got), err, len(whole.body))
			}
		}
	}
}

var regexpMode = regexp.MustCompile(`mode=[a-z]+`)

// Behind each proxy, an archive is streamed, whatever rules there are, with its length
// and ranges.
func TestArchivesBehindProxies(t *testing.T) {
	withoutRaceDetector(t)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media := handedFiles(t)
			rule := media + "=" + destinationOf(t, server, "/_media/", media)
			socket := filepath.Join(t.TempDir(), "s")
			p := start(t, "--listen=unix:"+socket, "--accel", server, "--accel-from=unix", "--rule", rule, "--archive", media)
			site := startPrinted(t, server, unchanged, "--upstream=unix:"+socket, "--rule", rule)
			get := func(method, byteRange string) (*http.Response, []byte) {
				t.Helper()
				r, err := http.NewRequest(method, site+"/sub/?archive=zip", nil)
				if err != nil {
					t.Fatal(err)
				}
				if byteRange != "" {
					r.Header.Set("Range", byteRange)
				}
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				return resp, body
			}
			resp, whole := get("GET", "")
			if resp.StatusCode != http.StatusOK || resp.ContentLength != int64(len(whole)) || resp.Header.Get("ETag") == "" {
				t.Fatalf("%s, %d bytes, header %v", resp.Status, len(whole), resp.Header)
			}
			wantMembers(t, server, zipped(t, whole), map[string]string{"two/": "folder", "two/b.pdf": "0123456789"})
			if resp, _ := get("HEAD", ""); resp.StatusCode != http.StatusOK || resp.ContentLength != int64(len(whole)) {
				t.Errorf("HEAD: %s, %d bytes", resp.Status, resp.ContentLength)
			}
			if resp, part := get("GET", "bytes=10-"); resp.StatusCode != http.StatusPartialContent || !bytes.Equal(part, whole[10:]) {
				t.Errorf("range: %s, %d bytes", resp.Status, len(part))
			}
			p.signal(t, syscall.SIGTERM)
			p.wait()
			modes := regexpMode.FindAllString(p.log.String(), -1)
			if slices.Sort(modes); len(modes) < 3 || modes[0] != "mode=stream" || modes[len(modes)-1] != "mode=stream" {
				t.Errorf("modes %q, want stream:\n%s", modes, p.log.String())
			}
		})
	}
}

// The archives and the files of a mount share its number of downloads.
func TestArchiveCountsAsADownload(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "large"), "")
	if err := os.Truncate(filepath.Join(dir, "large"), large); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dv.yaml")
	writeFile(t, file, "storages: {a: "+dir+"}\nmounts: {/a/: {storage: a, max_downloads: 1, archive: true}}\nlimits: {downloads: {wait: 1ms}}\n")
	p := start(t, "--config="+file)
	x, err := ask(p.url, "GET", "/a/?archive=zip")
	if err != nil || x.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", x, err)
	}
	for _, path := range []string{"/a/large", "/a/?archive=tar"} {
		if got := p.get(t, "GET", path); got.status != http.StatusServiceUnavailable {
			t.Errorf("%s beside an archive: %d, want 503", path, got.status)
		}
	}
	x.Conn.Close()
	p.mustAwait(t, "aborted_by=client")
	if got := p.get(t, "GET", "/a/large", "Range: bytes=0-0"); got.status != http.StatusPartialContent {
		t.Errorf("after it: %d", got.status)
	}
}
