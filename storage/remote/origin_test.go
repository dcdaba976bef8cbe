package remote_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

// A fileServer is an origin over a directory, by the standard library, that
// records the requests.
type fileServer struct {
	*httptest.Server
	root *os.Root

	mu    sync.Mutex
	asked []string
}

func startFileServer(t *testing.T) *fileServer {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &fileServer{root: root}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		root.Close()
	})
	return s
}

func (s *fileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")))
	s.mu.Unlock()
	f, err := s.root.Open(strings.TrimPrefix(r.URL.Path, "/files/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	content, err := io.ReadAll(f)
	if err != nil {
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(content)))
	http.ServeContent(w, r, fi.Name(), fi.ModTime(), bytes.NewReader(content))
}

// requests returns the requests since the last call.
func (s *fileServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// put stores a file. A name that the directory can't have is
// errors.ErrUnsupported.
func (s *fileServer) put(key string, content []byte) error {
	if s.root.MkdirAll(path.Dir(key), 0o755) != nil || s.root.WriteFile(key, content, 0o644) != nil {
		return errors.ErrUnsupported
	}
	return nil
}

// loopback allows a Storage to connect to these test servers only.
func loopback(t testing.TB, servers ...string) remote.Allow {
	t.Helper()
	a := remote.Allow{Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	for _, s := range servers {
		ap, err := netip.ParseAddrPort(parse(t, s).Host)
		if err != nil {
			t.Fatal(err)
		}
		a.Ports = append(a.Ports, ap.Port())
	}
	return a
}

func parse(t testing.TB, rawURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// below returns the Storage below a URL of a test server.
func below(t testing.TB, base string, o remote.Options) *remote.Storage {
	t.Helper()
	if o.Client == nil && o.Allow.Ports == nil {
		o.Allow = loopback(t, base)
	}
	s, err := remote.New(parse(t, base), &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseIdleConnections)
	return s
}

// fake returns a Storage of an origin with invalid answers.
func fake(t *testing.T, answer http.HandlerFunc) *remote.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return below(t, srv.URL, remote.Options{})
}

// raw starts an origin that answers every connection with the same bytes and
// closes it, and returns its URL.
func raw(t *testing.T, answer string) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		buf := make([]byte, 4096)
		for n := 0; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")); {
			m, err := c.Read(buf[n:])
			if err != nil {
				return
			}
			n += m
		}
		io.WriteString(c, answer)
	})
}

// listen serves each connection with serve, and closes all of them in the end.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { c.Close() })()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		l.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

func file(t testing.TB, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// doors are the ways to open a file.
func doors(t *testing.T, f downloadview.File) map[string]func() (fs.File, error) {
	return map[string]func() (fs.File, error){
		"Open":      func() (fs.File, error) { return f.Open(t.Context()) },
		"OpenRange": func() (fs.File, error) { return f.(downloadview.RangeFile).OpenRange(t.Context(), 0, 1) },
		"Stat": func() (fs.File, error) {
			_, err := f.(downloadview.StatFile).Stat(t.Context())
			return nil, err
		},
	}
}

func content(t *testing.T, h fs.File) string {
	t.Helper()
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func attributes(t *testing.T, stat func() (fs.FileInfo, error)) downloadview.Attributes {
	t.Helper()
	fi, err := stat()
	if err != nil {
		t.Fatal(err)
	}
	return downloadview.AttributesOf(fi)
}
