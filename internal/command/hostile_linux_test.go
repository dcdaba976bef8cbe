package command

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

// A hostileRequest is a line of testdata/hostile.txt.
type hostileRequest struct {
	line    int
	request string
	method  string
	want    []string // what "serve" answers: statuses, and after "=" the body
	classes []string // those to which a proxy may have an answer of its own
	signed  bool     // it goes to a server that requires signed links
}

// long stands for what is too long to write down.
var long = strings.NewReplacer(
	"{long}", strings.Repeat("a", 300),
	"{deep}", strings.Repeat("d/", 2000),
	"{toolong}", strings.Repeat("b", 2<<20),
	"{tags}", strings.TrimSuffix(strings.Repeat(`"no", `, 500), ", "),
	"{ranges}", strings.TrimSuffix(strings.Repeat("0-,", 1000), ","),
)

// readHostile returns the requests, and the classes that the file describes.
func readHostile(t *testing.T) (all []hostileRequest, described []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	signed := false
	for i, line := range strings.Split(string(text), "\n") {
		signed = signed || line == "## Signed links"
		if class, ok := strings.CutPrefix(line, "#\t"); ok {
			if class, _, ok = strings.Cut(class, ": "); ok && !strings.Contains(class, " ") {
				described = append(described, class)
			}
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		want, request, ok := strings.Cut(line, " :: ")
		r := hostileRequest{line: i + 1, signed: signed}
		if words := strings.Fields(want); len(words) > 0 {
			r.want, r.classes = strings.Split(words[0], ","), words[1:]
		}
		if !strings.HasPrefix(request, `"`) {
			parts := strings.Split(request, " | ")
			request = `"` + strings.ReplaceAll(parts[0], `"`, `\"`) + ` HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n`
			for _, field := range parts[1:] {
				request += strings.ReplaceAll(field, `"`, `\"`) + `\r\n`
			}
			request += `\r\n"`
		}
		raw, err := strconv.Unquote(request)
		if !ok || err != nil || len(r.want) == 0 {
			t.Fatalf("hostile.txt:%d: %q, %v; want WANT :: REQUEST", i+1, line, err)
		}
		r.request = long.Replace(raw)
		r.method, _, _ = strings.Cut(raw, " ")
		all = append(all, r)
	}
	return all, described
}

// answers returns what may come back from a proxy with these answers to classes.
func (r *hostileRequest) answers(own map[string]string) []string {
	var answers []string
	for _, class := range r.classes {
		if answer, ok := own[class]; ok {
			answers = append(answers, answer)
		}
	}
	if answers == nil {
		return r.want
	}
	return answers
}

// The file describes each class that it uses. The file has a request of each class to
// which a proxy has an answer of its own.
func TestHostileClasses(t *testing.T) {
	requests, described := readHostile(t)
	used := map[string]bool{}
	for _, r := range requests {
		for _, class := range r.classes {
			used[class] = true
			if !slices.Contains(described, class) {
				t.Errorf("hostile.txt:%d: the class %q is not described", r.line, class)
			}
		}
	}
	for _, class := range described {
		if !used[class] {
			t.Errorf("no request is of the class %q", class)
		}
	}
	for _, p := range proxies.All() {
		for class := range p.Traits.Requests.Answers {
			if !used[class] {
				t.Errorf("%s has an answer to the class %q, and no request is of it", p.Name, class)
			}
		}
	}
}

// send sends a request and returns all that comes back. A server may answer, and close
// the connection, before it has read everything.
func (r *hostileRequest) send(t *testing.T, addr string) []byte {
	t.Helper()
	// Another address than that of the proxies, which are trusted.
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	go io.WriteString(c, r.request)
	var all bytes.Buffer
	if _, err := all.ReadFrom(c); err != nil && os.IsTimeout(err) {
		t.Errorf("line %d: no end after 20 s, got %q", r.line, all.Bytes())
	}
	return all.Bytes()
}

// outcome returns the status and the body of an answer.
func (r *hostileRequest) outcome(answer []byte) (status, body string) {
	if len(answer) == 0 {
		return "closed", ""
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), &http.Request{Method: r.method})
	if err != nil {
		return fmt.Sprintf("no HTTP: %v", err), ""
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Sprintf("%d, cut: %v", resp.StatusCode, err), string(content)
	}
	return strconv.Itoa(resp.StatusCode), string(content)
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	requests, _ := readHostile(t)
	if len(requests) < 150 {
		t.Fatalf("%d requests, want 150 at least", len(requests))
	}
	above := t.TempDir()
	media := filepath.Join(above, "media")
	for name, text := range map[string]string{
		"media/a.txt": "alpha", "media/dir/in.txt": "inside", "media/100%.txt": "percent", "media/ü b.txt": "umlaut",
		"secret.txt": "UNREADABLE", "media/.hidden": "UNREADABLE", "media/.git/config": "UNREADABLE", "media/dir/.hidden": "UNREADABLE",
		"media-private/secret.txt": "UNREADABLE",
	} {
		proxytest.Write(t, above, name, text)
	}
	for link, to := range map[string]string{"out": "../secret.txt", "outdir": "../media-private"} {
		if err := os.Symlink(to, filepath.Join(media, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(media, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	keyFile, links := newHostileLinks(t)
	for i := range requests {
		requests[i].request = links.Replace(requests[i].request)
	}
	secrets := secretsOf(t, keyFile, links)
	for _, server := range append([]string{"alone"}, proxytest.Names()...) {
		t.Run(server, func(t *testing.T) {
			open, closeOpen := startHostile(t, server, media)
			signed, closeSigned := startHostile(t, server, media, "--require-signature", "--key-file", keyFile)
			var own map[string]string
			if server != "alone" {
				own = proxytest.KindOf(t, server).Traits.Requests.Answers
			}
			for _, r := range requests {
				addr := open
				if r.signed {
					addr = signed
				}
				answer := r.send(t, addr)
				status, body := r.outcome(answer)
				allowed := r.answers(own)
				if !slices.ContainsFunc(allowed, func(want string) bool {
					code, text, full := strings.Cut(want, "=")
					return code == status && (!full || text == body)
				}) {
					t.Errorf("hostile.txt:%d: %.80q: %s %.60q; want %s", r.line, r.request, status, body, strings.Join(allowed, " or "))
				}
				for _, word := range []string{"UNREADABLE", "root:", above, "/_media/", "goroutine"} {
					if !strings.Contains(r.request, word) && bytes.Contains(answer, []byte(word)) {
						t.Errorf("hostile.txt:%d: the answer has %q in it:\n%s", r.line, word, answer)
					}
				}
				for _, secret := range secrets {
					if bytes.Contains(answer, []byte(secret)) {
						t.Errorf("hostile.txt:%d: the answer has the secret %q in it:\n%s", r.line, secret, answer)
					}
				}
			}
			for _, log := range []string{closeOpen(), closeSigned()} {
				for _, word := range append(secrets, "panic") {
					if strings.Contains(log, word) {
						t.Errorf("the log has %q in it:\n%s", word, log)
					}
				}
			}
		})
	}
}

// startHostile starts "serve" behind a server, or alone, and returns its address. end
// ends "serve" and returns its log.
func startHostile(t *testing.T, server, media string, args ...string) (addr string, end func() string) {
	t.Helper()
	args = append(args, "--trusted-proxies=127.0.0.1", media)
	rule := media + "="
	if server != "alone" {
		proxytest.Binary(t, server)
		rule += destinationOf(t, server, "/_media/", media)
		args = append(args, "--accel", server, "--headers=private", "--rule", rule)
	}
	p := start(t, args...)
	url := p.url
	if server != "alone" {
		url = startPrinted(t, server, unchanged, "--upstream", strings.TrimPrefix(p.url, "http://"), "--rule", rule)
	}
	return strings.TrimPrefix(url, "http://"), func() string {
		p.signal(t, syscall.SIGTERM)
		if status := p.wait(); status != exitOK {
			t.Errorf("serve ended with %d", status)
		}
		return p.log.String()
	}
}

// newHostileLinks makes a key file, and the tokens that testdata/hostile.txt names.
func newHostileLinks(t *testing.T) (keyFile string, tokens *strings.Replacer) {
	t.Helper()
	keyFile, other := filepath.Join(t.TempDir(), "links.keys"), filepath.Join(t.TempDir(), "other.keys")
	run(t, "key", "new", keyFile)
	run(t, "key", "new", other)
	sign := func(file string, args ...string) string {
		link := strings.TrimSpace(run(t, append([]string{"sign", "--key-file", file}, args...)...))
		if token, ok := strings.CutPrefix(link, "/~"); ok {
			token, _, _ = strings.Cut(token, "/")
			return token
		}
		_, token, _ := strings.Cut(link, "dv=")
		return token
	}
	keys, err := middleware.ReadKeys(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := middleware.NewLinks(keys, nil).Cookie("/dir/", middleware.Grant{Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	file := sign(keyFile, "/a.txt")
	return keyFile, strings.NewReplacer(
		"{file}", file, "{FILE}", strings.ToUpper(file), "{folder}", sign(keyFile, "--prefix", "/dir/"), "{cookie}", cookie.Name+"="+cookie.Value,
		"{early}", sign(keyFile, "--not-before", time.Now().Add(time.Hour).Format(time.RFC3339), "/a.txt"), "{foreign}", sign(other, "/a.txt"),
		"{elsewhere}", sign(keyFile, "--net", "192.0.2.0/24", "/a.txt"), "{here}", sign(keyFile, "--net", "127.0.0.2/32", "/a.txt"),
	)
}

// secretsOf returns what nobody may see: the key, and the signatures of the links.
func secretsOf(t *testing.T, keyFile string, tokens *strings.Replacer) []string {
	t.Helper()
	text, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	secrets := strings.Fields(string(text))[1:]
	for _, token := range strings.Fields(tokens.Replace("{file} {folder} {early} {elsewhere} {here}")) {
		secrets = append(secrets, token[strings.LastIndexByte(token, '.')+1:])
	}
	return secrets
}
