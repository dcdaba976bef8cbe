package archive_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/archive"
)

// A line is a line of a manifest, as mod_zip reads it.
type line struct {
	crc            uint32
	size           int64
	location, name string
}

// The grammar of mod_zip's ngx_http_zip_parsers.rl.
var modZipLine = regexp.MustCompile(`^([0-9a-fA-F]+|-) +([0-9]+) +([^? ]+)(\?[^ ]+)? +([^ ][^\r\n\x00]*)$`)

func parseManifest(t testing.TB, list []byte) (lines []line) {
	t.Helper()
	for _, text := range regexp.MustCompile(`[\r\n]+`).Split(string(bytes.TrimRight(list, "\r\n")), -1) {
		m := modZipLine.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("mod_zip doesn't read the line %q", text)
		}
		crc, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		size, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		location, err := url.QueryUnescape(m[3]) // a plus is a space, as there
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line{uint32(crc), size, location, m[5]})
	}
	return lines
}

// inSite returns files of a folder with a rule of nginx.
func inSite(t testing.TB, content map[string][]byte) (dir string, entries map[string]archive.Entry, rules *accel.Accelerator) {
	t.Helper()
	dir, all := onDisk(t, content)
	entries = map[string]archive.Entry{}
	for _, e := range all {
		sum := crc32.ChecksumIEEE(content[e.File.Name()])
		e.CRC32 = &sum
		entries[e.File.Name()] = e
	}
	rules, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, entries, rules
}

func TestManifest(t *testing.T) {
	dir, entries, rules := inSite(t, map[string][]byte{"a b+c%?ü.txt": []byte("one"), "2": noise(100_000)})
	later := date.Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "2"), later, later); err != nil {
		t.Fatal(err)
	}
	first, second := entries["a b+c%?ü.txt"], entries["2"]
	first.Name, second.Name = "../Übersicht 1.txt", "x\ny"
	zip := archive.Zip("all.zip", archive.Of(first, archive.Entry{Name: "empty/"}, second), nil)
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		m, ok, err := archive.Manifest(r, zip, rules)
		if !ok {
			t.Error("no manifest")
		}
		return m, err
	})
	s := httptest.NewServer(downloadview.NewHandler(rules.Middleware(view), nil))
	defer s.Close()
	want := []line{
		{crc32.ChecksumIEEE([]byte("one")), 3, "/_media/a b+c%?ü.txt", "__/Übersicht 1.txt"},
		{0, 0, "@directory", "empty/"},
		{crc32.ChecksumIEEE(noise(100_000)), 100_000, "/_media/2", "x_y"},
	}
	for _, fields := range [][]string{nil, {"Range", "bytes=5-9"}, {"Range", "bytes=999999999-", "If-Range", `"x"`}} {
		got := ask(t, "GET", s.URL, fields...)
		if got.StatusCode != 200 || got.err != nil {
			t.Errorf("%q: %d %v", fields, got.StatusCode, got.err)
		}
		if lines := parseManifest(t, got.body); fmt.Sprint(lines) != fmt.Sprint(want) {
			t.Errorf("%q:\n%v, want\n%v", fields, lines, want)
		}
		accept := ""
		if fields != nil {
			accept = "none"
		}
		for key, value := range map[string]string{
			"X-Archive-Files": "zip", "X-Archive-Charset": "UTF-8", "Content-Type": "application/zip",
			"Last-Modified": later.Format(http.TimeFormat), "Etag": "", "Accept-Ranges": accept,
			"Content-Disposition": `attachment; filename="all.zip"`, "X-Accel-Redirect": "",
		} {
			if got := got.Header.Get(key); got != value {
				t.Errorf("%q: %s is %q, want %q", fields, key, got, value)
			}
		}
	}
}

// Without a checksum or a rule for each member there is no manifest.
func TestNoManifest(t *testing.T) {
	_, entries, rules := inSite(t, map[string][]byte{"a": []byte("one")})
	good := entries["a"]
	unsummed, outside, odd := good, good, good
	unsummed.CRC32 = nil
	outside.File = file("a", []byte("one"))
	odd.Name = " a"
	r := httptest.NewRequest("GET", "/", nil)
	for name, f := range map[string]downloadview.File{
		"a checksum":  archive.Zip("a.zip", archive.Of(good, unsummed), nil),
		"a rule":      archive.Zip("a.zip", archive.Of(good, outside), nil),
		"a name":      archive.Zip("a.zip", archive.Of(good, odd), nil),
		"members":     archive.Zip("a.zip", archive.Of(), nil),
		"tar":         archive.Tar("a.tar", archive.Of(good), nil),
		"compression": archive.CompressedZip("a.zip", archive.Of(good), nil),
		"archive":     good.File,
	} {
		if resp, ok, err := archive.Manifest(r, f, rules); ok || err != nil || resp.File != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
	if _, ok, err := archive.Manifest(r, archive.Zip("a.zip", archive.Of(good), nil), rules); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	if _, ok, err := archive.Manifest(r, archive.Zip("a.zip", archive.Of(good, archive.Entry{Name: "no slash"}), nil), rules); ok || err == nil {
		t.Errorf("a wrong entry: %v %v", ok, err)
	}
	if _, ok, _ := archive.Manifest(r, archive.Zip("a.zip", archive.Of(good), nil), sendfile{}); ok {
		t.Error("a manifest for Apache")
	}
}

// sendfile hands over to another server than nginx.
type sendfile struct{}

func (sendfile) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	return downloadview.Handover{Field: "X-Sendfile", Value: "/srv/a"}, true
}
