//go:build unix

package command

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies"
)

// A handover is a server and a destination for its rules.
type handover struct {
	proxies.Proxy
	destination string
}

// handovers returns one for every line of the table, also for servers that no test runs.
func handovers() []handover {
	var all []handover
	for _, p := range proxies.All() {
		h := handover{p, "/mnt/the media"}
		if p.Locations {
			h.destination = "/_media"
		}
		all = append(all, h, handover{p, h.destination + "/"})
	}
	return all
}

// ownTag says that the server sends an entity tag of its own, and not the application's.
func (h handover) ownTag() bool { return slices.Contains(h.Traits.Files.Own, "Etag") }

var handedNames = []string{
	"a.txt", "sub/two/b.pdf", "a b%.txt", "100%25.html", "plus+&=.txt", "question?.txt", "hash#;.png",
	"é你.txt", "not-utf8-\xff.txt", "new\nline.txt", "tab\t.txt", "space-at-the-end ", `quote"back\slash`, "..dots..", ".hidden",
}

func unchanged(s string) string { return s }

func percentEncoded(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// handedFiles returns a directory with a file for each name. The files are old enough
// for a strong entity tag.
func handedFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range handedNames {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("0123456789"), 0o666); err != nil {
			t.Fatal(err)
		}
		then := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type answered struct {
	status int
	header http.Header
	body   string
}

func (p *process) get(t *testing.T, method, path string, header ...string) answered {
	t.Helper()
	resp, body, err := fetch(p.url, method, path, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}

// told returns the header fields for proxies.
func (a answered) told() []string {
	var fields []string
	for name, values := range a.header {
		if strings.HasPrefix(name, "X-Accel-") || strings.HasPrefix(name, "X-Sendfile") || strings.HasPrefix(name, "X-Download-") {
			fields = append(fields, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(fields)
	return fields
}

// Header fields by which a client might try to choose the destination.
var choosing = []string{
	"X-Accel-Redirect: /etc/passwd", "X-Sendfile: /etc/passwd", "X-Sendfile-Type: X-Accel-Redirect",
	"X-Accel-Mapping: /=/_other/", "X-Accel-Limit-Rate: 1",
}

// Each server gets one field, in its own encoding, beside the header of the streamed
// answer. A file whose name the field can't express is streamed.
func TestHandovers(t *testing.T) {
	withoutRaceDetector(t)
	dir := handedFiles(t)
	streamed := start(t, "--hidden", dir)
	for _, tt := range handovers() {
		t.Run(tt.Name+" "+tt.destination, func(t *testing.T) {
			told := tt.Traits.HandOver
			p := start(t, "--hidden", "--accel", tt.Name, "--rule", dir+"="+tt.destination, dir)
			for _, name := range handedNames {
				for _, method := range []string{"GET", "HEAD"} {
					path := "/" + percentEncoded(name)
					got := p.get(t, method, path, choosing...)
					want := streamed.get(t, method, path)
					value := strings.TrimSuffix(tt.destination, "/") + "/" + name
					handed := tt.Traits.Files.Finds(name) && (method == "GET" || !told.StreamsHead)
					var fields []string
					length := want.header.Get("Content-Length")
					if handed {
						if told.Escaped {
							value = percentEncoded(value)
						}
						fields = []string{told.Field + ": " + value}
						want.body, length = "", "0"
					}
					if got.status != http.StatusOK || got.body != want.body || !slices.Equal(got.told(), fields) {
						t.Errorf("%s %q: %d %q told %q; want 200 %q told %q", method, name, got.status, got.body, got.told(), want.body, fields)
					}
					if n := got.header.Get("Content-Length"); n != length && (n != "" || !handed) {
						t.Errorf("%s %q: Content-Length %q, want %q", method, name, n, length)
					}
					if r := got.header.Get("Content-Range"); r != "" {
						t.Errorf("%s %q: Content-Range %q", method, name, r)
					}
					for _, field := range []string{"Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy"} {
						if g, w := got.header.Get(field), want.header.Get(field); g != w {
							t.Errorf("%s %q: %s: %q, want %q", method, name, field, g, w)
						}
					}
					if tag := got.header.Get("Etag"); !tt.ownTag() && (tag == "" || tag != want.header.Get("Etag")) || handed && tt.ownTag() && tag != "" {
						t.Errorf("%s %q: ETag %q, and %q streamed", method, name, tag, want.header.Get("Etag"))
					}
					if r := got.header.Get("Accept-Ranges"); handed && r != map[bool]string{true: "bytes"}[told.SaysRanges] {
						t.Errorf("%s %q: Accept-Ranges %q", method, name, r)
					}
				}
			}
		})
	}
}

// A request that can't be answered with a file gets the same answer as without a proxy.
func TestHandoversOfWhatCantBeSent(t *testing.T) {
	withoutRaceDetector(t)
	dir, outside := handedFiles(t), filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	streamed := start(t, "--hidden", dir)
	for _, tt := range handovers() {
		p := start(t, "--hidden", "--accel", tt.Name, "--rule", dir+"="+tt.destination, dir)
		for _, path := range []string{"/missing", "/sub", "/sub/", "/", "/out", "/pipe", "/a.txt/x", "/a%00.txt", "/../a.txt", "/sub/../a.txt"} {
			for _, method := range []string{"GET", "HEAD"} {
				got, want := p.get(t, method, path), streamed.get(t, method, path)
				if got.status != want.status || got.status < 403 || got.body != want.body || got.told() != nil {
					t.Errorf("%s, %s %s: %d %q, told %q; want %d", tt.Name, method, path, got.status, got.body, got.told(), want.status)
				}
			}
		}
		p.signal(t, syscall.SIGKILL)
	}
}

// Ranges and preconditions are left to the proxy if it evaluates them as this process
// would. Otherwise this process answers.
func TestHandoversOfConditionalRequests(t *testing.T) {
	withoutRaceDetector(t)
	dir := handedFiles(t)
	for _, tt := range handovers() {
		t.Run(tt.Name+" "+tt.destination, func(t *testing.T) {
			p := start(t, "--hidden", "--accel", tt.Name, "--rule", dir+"="+tt.destination, dir)
			tag := p.get(t, "GET", "/a.txt").header.Get("Etag")
			ours, several := !tt.ownTag(), tt.Traits.HandOver.StreamsSeveral
			for _, c := range []struct {
				name   string
				header string
				here   bool // answered by this process
				status int  // if it is
			}{
				{"a range", "Range: bytes=2-5", false, 0},
				{"ranges", "Range: bytes=0-0,9-9", several, 206},
				{"an odd range", "Range: lines=1-2", true, 200},
				{"a range that isn't there", "Range: bytes=99-", ours, 416},
				{"its tag", "If-None-Match: " + tag, ours, 304},
				{"another tag", `If-None-Match: "x"`, false, 0},
				{"a tag it must have", `If-Match: "x"`, ours, 412},
				{"an old date", "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT", ours, 412},
			} {
				if tag == "" && c.status == 304 {
					continue
				}
				got := p.get(t, "GET", "/a.txt", c.header)
				switch told := got.told(); {
				case c.here && (got.status != c.status || told != nil):
					t.Errorf("%s: %d, told %q; want %d", c.name, got.status, told, c.status)
				case !c.here && (got.status != 200 || len(told) != 1):
					t.Errorf("%s: %d, told %q; want it handed over", c.name, got.status, told)
				}
			}
		})
	}
}

// --limit-rate and --headers depend on what the proxy can do.
func TestHandoversByFlags(t *testing.T) {
	withoutRaceDetector(t)
	dir := handedFiles(t)
	page := filepath.Join(dir, "page.html")
	if err := os.WriteFile(page, []byte("<p>"), 0o666); err != nil {
		t.Fatal(err)
	}
	const location = "X-Accel-Redirect: /_m/page.html"
	for _, tt := range []struct {
		args []string
		told []string
	}{
		{[]string{"--accel=nginx"}, []string{location}},
		{[]string{"--accel=nginx", "--inline"}, nil},
		{[]string{"--accel=nginx", "--inline", "--headers=own"}, nil},
		{[]string{"--accel=nginx", "--inline", "--headers=safety"}, []string{location}},
		{[]string{"--accel=nginx", "--inline", "--headers=private"}, []string{
			location, "X-Download-Cache-Control: private, no-cache", `X-Download-Content-Disposition: inline; filename="page.html"`,
		}},
		{[]string{"--accel=caddy", "--inline"}, []string{location}},
		{[]string{"--accel=nginx", "--limit-rate=1MB"}, []string{"X-Accel-Limit-Rate: 1000000", location}},
		{[]string{"--accel=caddy", "--limit-rate=1MB"}, nil},
		{[]string{"--accel=nginx", "--limit-rate-total=1GB"}, nil},
		{[]string{"--accel=nginx", "--limit-rate-per-client=1GB"}, nil},
		{[]string{"--accel=nginx", "--max-downloads=1", "--offload-time=1h"}, []string{location}},
		{[]string{"--accel=nginx", "--accel-from=127.0.0.1,unix"}, []string{location}},
		{[]string{"--accel=nginx", "--accel-from=192.0.2.1", "--accel-from=127.0.0.0/8"}, []string{location}},
		{[]string{"--accel=nginx", "--accel-from=192.0.2.0/24,unix"}, nil},
	} {
		p := start(t, append(tt.args, "--rule", dir+"=/_m/", dir)...)
		got := p.get(t, "GET", "/page.html")
		if !slices.Equal(got.told(), tt.told) {
			t.Errorf("%q: told %q, want %q", tt.args, got.told(), tt.told)
		}
		if streamed := got.body == "<p>"; streamed != (tt.told == nil) {
			t.Errorf("%q: body %q", tt.args, got.body)
		}
		p.signal(t, syscall.SIGKILL)
	}
}
