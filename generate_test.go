package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const line = "0123456789abcdef\n"

// lines writes n lines and then returns end().
func lines(n int, end func() error) func(context.Context, io.Writer) error {
	return func(_ context.Context, w io.Writer) error {
		for range n {
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
		return end()
	}
}

// flushed is like lines, and flushes before it calls end.
func flushed(n int, end func() error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		if err := lines(n, well)(ctx, w); err != nil {
			return err
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		return end()
	}
}

func well() error { return nil }

// seqOf yields n lines and then calls end.
func seqOf[T ~[]byte | ~string](n int, end func() error) iter.Seq[T] {
	return func(yield func(T) bool) {
		for range n {
			if !yield(T(line)) {
				return
			}
		}
		end()
	}
}

// A stream is a reader that can be read once, such as a pipe.
type stream struct {
	io.Reader
	closed *int
}

func (s stream) Close() error { *s.closed++; return nil }

// makers returns functions that make a file of n lines with each constructor. asked
// counts the requests for content.
func makers(n int, a Attributes, asked *atomic.Int32) map[string]func() File {
	text := strings.Repeat(line, n)
	with := a
	with.Size = int64(len(text))
	produce := func(ctx context.Context, w io.Writer) error {
		asked.Add(1)
		return lines(n, well)(ctx, w)
	}
	return map[string]func() File{
		"bytes":         func() File { return FromBytes("a/b.txt", []byte(text), &a) },
		"string":        func() File { return FromString("a/b.txt", text, &a) },
		"reader":        func() File { return FromReader("a/b.txt", onlyRead(text, asked), &a) },
		"sized reader":  func() File { return FromReader("a/b.txt", onlyRead(text, asked), &with) },
		"seeker":        func() File { return FromReader("a/b.txt", strings.NewReader(text), &a) },
		"opener":        func() File { return FromOpener("a/b.txt", open(text, asked), &a) },
		"sized opener":  func() File { return FromOpener("a/b.txt", open(text, asked), &with) },
		"func":          func() File { return FromFunc("a/b.txt", produce, &a) },
		"sized func":    func() File { return FromFunc("a/b.txt", produce, &with) },
		"strings":       func() File { return FromSeq("a/b.txt", seqOf[string](n, well), &a) },
		"sized strings": func() File { return FromSeq("a/b.txt", seqOf[string](n, well), &with) },
		"slices":        func() File { return FromSeq("a/b.txt", seqOf[[]byte](n, well), &a) },
	}
}

func onlyRead(text string, asked *atomic.Int32) io.Reader {
	return &lazy{func() io.Reader { asked.Add(1); return strings.NewReader(text) }, nil}
}

type lazy struct {
	make func() io.Reader
	r    io.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.r == nil {
		l.r = l.make()
	}
	return l.r.Read(p)
}

func open(text string, asked *atomic.Int32) func(context.Context) (io.Reader, error) {
	return func(context.Context) (io.Reader, error) { asked.Add(1); return strings.NewReader(text), nil }
}

func TestGeneratedContent(t *testing.T) {
	for _, n := range []int{1, 10_000} {
		text := strings.Repeat(line, n)
		var asked atomic.Int32
		for name, newFile := range makers(n, Attributes{}, &asked) {
			t.Run(fmt.Sprint(name, "/", n), func(t *testing.T) {
				s := serve(t, NewHandler(ViewFunc(func(*http.Request) (Response, error) { return Response{File: newFile()}, nil }), nil))
				asked.Store(0)
				head := ask(t, s.URL, "HEAD")
				if asked.Load() != 0 || head.status != 200 {
					t.Errorf("HEAD: %d, asked for content %d times", head.status, asked.Load())
				}
				get := ask(t, s.URL, "GET")
				if get.err != nil || get.status != 200 || get.body != text {
					t.Errorf("GET: %d, %d bytes, %v; want %d", get.status, len(get.body), get.err, len(text))
				}
				if got := get.header.Get("Content-Disposition"); got != `attachment; filename="b.txt"` {
					t.Errorf("Content-Disposition %s", got)
				}
				known := strings.HasPrefix(name, "sized") || slices.Contains([]string{"bytes", "string", "seeker"}, name)
				length := fmt.Sprint(len(text))
				if name == "opener" { // the open handle is the first to know
					known, length = true, ""
				}
				if !known {
					length = ""
				}
				if got := head.header.Get("Content-Length"); got != length {
					t.Errorf("HEAD says Content-Length %q, want %q", got, length)
				}
				if got := get.header.Get("Content-Length"); n > 1 && (got != "") != known {
					t.Errorf("GET says Content-Length %q, known: %v", got, known)
				}
				if slices.Contains([]string{"bytes", "string", "seeker"}, name) && head.header.Get("Accept-Ranges") != "bytes" {
					t.Errorf("HEAD says %v, want ranges", head.header)
				}
				seeks := slices.Contains([]string{"bytes", "string", "seeker", "opener", "sized opener"}, name)
				for rng, want := range map[string]string{"bytes=1-3": "123", "bytes=-2": "f\n", "bytes=0-0,16-16": ""} {
					got := ask(t, s.URL, "GET", "Range", rng)
					switch {
					case got.err != nil:
						t.Errorf("%s: %v", rng, got.err)
					case !seeks && (got.status != 200 || got.body != text):
						t.Errorf("%s: %d, %d bytes; want the whole", rng, got.status, len(got.body))
					case seeks && got.status != 206:
						t.Errorf("%s: %d", rng, got.status)
					case seeks && want != "" && got.body != want:
						t.Errorf("%s: %q, want %q", rng, got.body, want)
					case seeks && want == "" && len(readParts(t, got)) != 2:
						t.Errorf("%s: %q", rng, got.body)
					}
				}
			})
		}
	}
}

func TestGeneratedNotModified(t *testing.T) {
	for _, a := range []Attributes{{ETag: `"v1"`}, {ModTime: changed}} {
		var asked atomic.Int32
		for name, newFile := range makers(2, a, &asked) {
			s := serve(t, NewHandler(fileView(newFile()), nil))
			asked.Store(0)
			field, value := "If-None-Match", a.ETag
			if a.ETag == "" {
				field, value = "If-Modified-Since", changed.Format(http.TimeFormat)
			}
			for _, method := range []string{"GET", "HEAD", "GET"} {
				if got := ask(t, s.URL, method, field, value); got.status != 304 || asked.Load() != 0 {
					t.Errorf("%s, %s %s: %d, asked for content %d times", name, method, field, got.status, asked.Load())
				}
			}
			if got := ask(t, s.URL, "GET", "If-None-Match", `"v0"`); got.status != 200 || got.body != line+line {
				t.Errorf("%s after nothing but 304: %d %q", name, got.status, got.body)
			}
		}
	}
}

func TestGeneratedEmpty(t *testing.T) {
	var asked atomic.Int32
	for name, newFile := range makers(0, Attributes{}, &asked) {
		w := &writeCounter{ResponseRecorder: httptest.NewRecorder()}
		NewHandler(fileView(newFile()), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 200 || w.Body.Len() != 0 || w.calls != 1 {
			t.Errorf("%s: %d %q after %d calls, want one of WriteHeader", name, w.Code, w.Body, w.calls)
		}
	}
}

func TestOnlyOnce(t *testing.T) {
	var asked atomic.Int32
	for name, newFile := range makers(2, Attributes{}, &asked) {
		t.Run(name, func(t *testing.T) {
			f := newFile()
			once := slices.Contains([]string{"reader", "sized reader", "seeker", "strings", "sized strings", "slices"}, name)
			var mu sync.Mutex
			var opened, consumed int
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					h, err := f.Open(t.Context())
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						opened++
						if got, err := io.ReadAll(h); string(got) != line+line || err != nil {
							t.Errorf("read %q, %v", got, err)
						}
						h.Close()
					case errors.Is(err, ErrConsumed):
						consumed++
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if want := map[bool]int{true: 1, false: 8}[once]; opened != want || opened+consumed != 8 {
				t.Errorf("opened %d times, consumed %d times; want %d opened", opened, consumed, want)
			}
			if !once {
				return
			}
			var logged bytes.Buffer
			s := serve(t, NewHandler(fileView(f), &Options{Logger: loggerTo(&logged)}))
			got := ask(t, s.URL, "GET")
			if got.status != 500 || got.body != "Internal Server Error\n" || !strings.Contains(logged.String(), ErrConsumed.Error()) {
				t.Errorf("%d %q, logged %q", got.status, got.body, &logged)
			}
		})
	}
}

// copied is a file whose handle has only the methods of fs.File, as with a wrapper that
// counts or limits.
type copied struct{ File }

func (c copied) Open(ctx context.Context) (fs.File, error) {
	h, err := c.File.Open(ctx)
	return struct{ fs.File }{h}, err
}

func TestWithSource(t *testing.T) {
	local := localFileOf(t, "made.txt", []byte("by somebody else"))
	src, _ := local.Source()
	var asked atomic.Int32
	for name, newFile := range makers(2, Attributes{ETag: `"v1"`}, &asked) {
		f := WithSource(newFile(), src)
		if got, ok := SourceOf(renamed{f, "b"}); !ok || got != src {
			t.Errorf("%s: SourceOf = %v, %v; want %v", name, got, ok, src)
		}
		if _, ok := Find[StatFile](f); !ok {
			t.Errorf("%s: what it knows is lost", name)
		}
		asked.Store(0)
		w := httptest.NewRecorder()
		NewHandler(likeNginx.middleware(fileView(f)), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Header().Get("X-Accel-Redirect") != "/_m/a" || asked.Load() != 0 {
			t.Errorf("%s: %v, asked for content %d times; want it handed over", name, w.Header(), asked.Load())
		}
		if got := ask(t, serve(t, NewHandler(fileView(f), nil)).URL, "GET"); got.body != line+line || got.header.Get("Etag") != `"v1"` {
			t.Errorf("%s: streamed %q %v", name, got.body, got.header)
		}
	}
	other := Source{Scheme: "s3", Host: "b", Path: "k"}
	if got, _ := SourceOf(WithSource(local, other)); got != other {
		t.Errorf("SourceOf a file with a source of its own = %v, want %v", got, other)
	}
}
