package proxies_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// wire is one plain connection to a front. Bytes after the end of an answer are read
// as the next answer, as a client would read them.
type wire struct {
	*proxytest.Front
	conn net.Conn
	r    *bufio.Reader
}

func newWire(t *testing.T, f *proxytest.Front) *wire {
	t.Helper()
	c, err := net.Dial("tcp", f.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wire{f, c, bufio.NewReader(c)}
}

// send requests a hand-over of the file called name and reads one answer.
func (w *wire) send(t *testing.T, method, name, fields, body string) (*http.Response, string) {
	t.Helper()
	_, err := fmt.Fprintf(w.conn, "%s /send HTTP/1.1\r\nHost: %s\r\n%s%s: %s\r\n%sContent-Length: %d\r\n\r\n%s", method, w.Addr,
		proxytest.AnswerPrefix, w.Field(), url.QueryEscape(w.Value(name)), fields, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, name, err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, name, err)
	}
	return resp, string(b)
}

// On a kept connection every answer belongs to its request. After HEAD above all: if
// the server sent the file's bytes, the client would read them as the next answer.
func TestServersAnswerOneByOne(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
		files := map[string]string{"empty": "", "small": evil, "large": strings.Repeat(evil, 5_000)}
		for name, content := range files {
			proxytest.Write(t, f.Dir, name, content)
			w := newWire(t, f)
			for i, tt := range []struct{ method, fields, body string }{
				{"HEAD", "", ""},
				{"GET", "", ""},
				{"HEAD", "Range: bytes=0-1\r\n", ""},
				{"HEAD", "", ""},
				{"POST", "", "what=this"},
				{"GET", "", ""},
				{"HEAD", "", ""},
			} {
				resp, body := w.send(t, tt.method, name, tt.fields, tt.body)
				want := content
				if tt.method == "HEAD" {
					want = ""
				}
				if resp.StatusCode/100 != 2 && (tt.fields == "" || content != "") || body != want {
					t.Errorf("%s: %d: %s %s %d bytes %.20q, want %d", name, i, tt.method, resp.Status, len(body), body, len(want))
				}
				unsaid := srv.Traits.Files.EmptyWithoutLength && tt.method == "HEAD" && content == ""
				if tt.fields == "" && resp.ContentLength != int64(len(content)) && !unsaid {
					t.Errorf("%s: %d: %s has length %d, want %d", name, i, tt.method, resp.ContentLength, len(content))
				}
				if resp.Close {
					t.Fatalf("%s: %d: %s closes the connection", name, i, tt.method)
				}
				if n := w.r.Buffered(); n > 0 {
					rest, _ := w.r.Peek(min(n, 20))
					t.Errorf("%s: %d: %s: %d bytes after the answer: %q", name, i, tt.method, n, rest)
				}
			}
		}
	})
}
