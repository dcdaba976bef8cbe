package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// A shrinking file has a size that is 100 bytes more than its content. sendfile(2)
// can still send it.
type shrinking struct{ localFile }

func (f shrinking) Open(context.Context) (fs.File, error) {
	h, err := os.Open(string(f.localFile))
	return shrunk{h}, err
}

type shrunk struct{ *os.File }

func (s shrunk) Stat() (fs.FileInfo, error) {
	fi, err := s.File.Stat()
	if err != nil {
		return nil, err
	}
	return Attributes{Size: fi.Size() + 100, ModTime: changed}.FileInfo(fi.Name()), nil
}

func broken(size int64) *object {
	o := newObject(strings.Repeat("0123456789abcdef", 1<<14)) // 256 KiB
	o.Size, o.cut, o.cutErr = size, 1000, errors.New("the origin broke")
	return o
}

// A panickingLater object can be opened at its beginning only.
type panickingLater struct{ *object }

func (f panickingLater) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset > 0 {
		panic("of the store")
	}
	return f.object.OpenRange(ctx, offset, length)
}

func swallow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { recover() }()
		next.ServeHTTP(w, r)
	})
}

func fillUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				io.WriteString(w, strings.Repeat("Internal Server Error ", 100))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// A client can tell an aborted download from a complete one, over each protocol and
// below each middleware that recovers from panics.
func TestABrokenDownloadIsNeverWhole(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	files := map[string]File{
		"with length":   broken(0),
		"without":       broken(-1),
		"shrunk":        shrinking{localFileOf(t, "shrunk.txt", content)},
		"second part":   broken(0),
		"panics later":  panickingLater{newObject(string(content))},
		"ends too soon": func() File { o := broken(0); o.cutErr = nil; return o }(),
	}
	each(t, func(t *testing.T, protocol string, wrap func(http.Handler) http.Handler) {
		for name, f := range files {
			t.Run(name, func(t *testing.T) {
				rng := ""
				if name == "second part" || name == "panics later" {
					rng = "bytes=0-99,1000-262143"
				}
				mustBreakOff(t, protocol, wrap, f, discard, rng)
				if p, ok := f.(panickingLater); ok {
					f = p.object
				}
				if o, ok := f.(*object); ok && o.open.Load() != 0 {
					t.Errorf("%d handles left open", o.open.Load())
				}
			})
		}
	})
}

// recoverers are middleware that may be between a handler and its server.
var recoverers = map[string]func(http.Handler) http.Handler{
	"bare":    func(h http.Handler) http.Handler { return h },
	"swallow": swallow,
	"fill up": fillUp,
	"chi": func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: quiet{}, NoColor: true}), middleware.Recoverer)
		r.Handle("/*", h)
		return r
	},
	"chi, compressing, swallow": func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(swallow, middleware.Compress(5, "text/plain", "application/octet-stream"))
		r.Handle("/*", h)
		return r
	},
}

var protocols = map[string]func(t *testing.T, s *httptest.Server, rng string) error{
	"HTTP/1.0":          askOld,
	"HTTP/1.1":          askNew,
	"HTTP/1.1 over TLS": askNew,
	"HTTP/2":            askNew,
}

// each runs test over every protocol, below each of the recoverers.
func each(t *testing.T, test func(t *testing.T, protocol string, wrap func(http.Handler) http.Handler)) {
	for protocol := range protocols {
		for around, wrap := range recoverers {
			t.Run(protocol+"/"+around, func(t *testing.T) { test(t, protocol, wrap) })
		}
	}
}

// mustBreakOff requests f. The client must get an error, and the observer must get
// exactly one Outcome, with AbortedByOrigin.
func mustBreakOff(t *testing.T, protocol string, wrap func(http.Handler) http.Handler, f File, log *slog.Logger, rng string) {
	t.Helper()
	var seen []Outcome
	var mu sync.Mutex
	options := &Options{Logger: log, Observer: func(_ *http.Request, o Outcome) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, o)
	}}
	s := httptest.NewUnstartedServer(wrap(NewHandler(fileView(f), options)))
	startFor(s, protocol)
	if err := protocols[protocol](t, s, rng); err == nil {
		t.Error("the client takes the download for whole")
	}
	s.Close()
	if len(seen) != 1 || seen[0].AbortedBy != AbortedByOrigin || seen[0].Err == nil {
		t.Errorf("observed %+v, want one outcome aborted by the origin", seen)
	}
}

// startFor starts s for a protocol of protocols.
func startFor(s *httptest.Server, protocol string) {
	s.Config.ErrorLog = nil
	switch protocol {
	case "HTTP/2":
		s.EnableHTTP2 = true
		s.StartTLS()
	case "HTTP/1.1 over TLS":
		s.StartTLS()
	default:
		s.Start()
	}
}

type quiet struct{}

func (quiet) Print(...any) {}

func askNew(t *testing.T, s *httptest.Server, rng string) error {
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip") // by hand: the transport leaves it packed
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	resp, err := s.Client().Transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if s.EnableHTTP2 != (resp.ProtoMajor == 2) {
		t.Fatalf("spoke %s", resp.Proto)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	t.Logf("%d %s, %d bytes, %v", resp.StatusCode, resp.Header.Get("Content-Encoding"), n, err)
	return err
}

// askOld sends an HTTP/1.0 request. There a body without a length ends with the
// connection, so only a reset shows that the body is incomplete.
func askOld(t *testing.T, s *httptest.Server, rng string) error {
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if rng != "" {
		rng = "Range: " + rng + "\r\n"
	}
	fmt.Fprintf(c, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n%s\r\n", rng)
	all, err := io.ReadAll(c)
	head, body, _ := bytes.Cut(all, []byte("\r\n\r\n"))
	var length int
	for line := range strings.Lines(string(head)) {
		fmt.Sscanf(line, "Content-Length: %d", &length)
	}
	t.Logf("%d of %d bytes, %v", len(body), length, err)
	if err == nil && len(body) < length {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// A small file that fails is answered with an error status, since it is read before
// the header is sent.
func TestASmallFileFailsHonestly(t *testing.T) {
	o := newObject("0123456789")
	o.cut = 4
	s := serve(t, NewHandler(fileView(o), &Options{Logger: discard}))
	if got := ask(t, s.URL, "GET"); got.status != 500 || got.header.Get("Etag") != "" {
		t.Errorf("%d %v, want 500", got.status, got.header)
	}
}

func TestTheClientGoesAway(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // more than sockets hold
	for name, f := range map[string]File{
		"sendfile": localFileOf(t, "a", content),
		"copied":   newObject(string(content)),
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan Outcome, 1)
			s := serve(t, NewHandler(fileView(f), &Options{Observer: func(_ *http.Request, o Outcome) { seen <- o }}))
			c, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			c.Close()
			if o := <-seen; o.AbortedBy != AbortedByClient || o.Status != 200 || o.Bytes >= int64(len(content)) {
				t.Errorf("outcome %+v, want aborted by the client", o)
			}
		})
	}
}
