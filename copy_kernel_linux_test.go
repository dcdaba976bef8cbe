package downloadview_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
)

// traced is the environment variable with the case that this process serves, if it
// runs under strace.
const traced = "DOWNLOADVIEW_TRACED"

var sendfileCases = []struct {
	name  string
	wrap  func(http.Handler) http.Handler
	rng   string
	calls int
	rate  int64
}{
	{"bare", func(h http.Handler) http.Handler { return h }, "", 1, 0},
	{"bare, range", func(h http.Handler) http.Handler { return h }, "bytes=1000-70000", 1, 0},
	{"chi", chiLogger, "", 1, 0},
	{"chi, range", chiLogger, "bytes=1000-70000", 1, 0},
	{"compressing", middleware.Compress(5), "", 0, 0},
	{"without ReadFrom", withoutReadFrom, "", 0, 0},
	{"a rate, in pieces of 32 KiB", func(h http.Handler) http.Handler { return h }, "", 3, 256 << 10},
	{"a rate, compressing", middleware.Compress(5), "", 0, 1 << 20},
}

func chiLogger(h http.Handler) http.Handler {
	return middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: silent{}, NoColor: true})(h)
}

type silent struct{}

func (silent) Print(...any) {}

// withoutReadFrom counts the bytes in Write. Its writer has Unwrap, but all bytes must
// still go through Write.
func withoutReadFrom(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &counting{ResponseWriter: w}
		h.ServeHTTP(c, r)
		if c.n == 0 {
			panic("bytes went past the counting writer")
		}
	})
}

type counting struct {
	http.ResponseWriter
	n int
}

func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.ResponseWriter.Write(p)
}

// strace sees one sendfile(2) for a local file, for the whole file and for a range,
// without a wrapper and below one that passes on ReadFrom. It sees none below a
// wrapper that processes the bytes.
func TestSendfile(t *testing.T) {
	if name := os.Getenv(traced); name != "" {
		serveTraced(t, name)
		return
	}
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	for _, c := range sendfileCases {
		t.Run(c.name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=/^sendfile", "-o", log, os.Args[0], "-test.run=^TestSendfile$")
			cmd.Env = append(os.Environ(), traced+"="+c.name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			calls, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			// strace may print a call in two lines; the last one has the result.
			sent := regexp.MustCompile(`sendfile.* = [1-9]`).FindAll(calls, -1)
			if len(sent) != c.calls {
				t.Errorf("%d calls of sendfile, want %d:\n%s", len(sent), c.calls, calls)
			}
		})
	}
}

func serveTraced(t *testing.T, name string) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 80<<10/16)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, c := range sendfileCases {
		if c.name != name {
			continue
		}
		v := downloadview.StorageView{
			Storage: disk.New(root, nil),
			Key:     func(*http.Request) (string, error) { return "a.txt", nil },

			Response: downloadview.Response{LimitRate: c.rate},
		}
		s := httptest.NewServer(c.wrap(downloadview.NewHandler(v, nil)))
		defer s.Close()
		got, err := get(s.URL, c.rng)
		want := content
		if c.rng != "" {
			want = content[1000:70001]
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, %v; want the right %d", len(got), err, len(want))
		}
		return
	}
	t.Fatalf("no case %q", name)
}

func get(url, rng string) ([]byte, error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	}
	return io.ReadAll(resp.Body)
}
