package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

const line = "0123456789abcdef\n"

// lines writes n lines and then ends with what end returns.
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

// flushed is like lines, and nothing waits in a buffer when it ends.
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

// A once-only reader, or a pipe's end: nothing but Read and Close.
type stream struct {
	io.Reader
	closed *int
}

func (s stream) Close() error { *s.closed++; return nil }

// makers make files of some lines in each way; asked counts how often somebody
// asked for content.
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

// breaking are files that go wrong half way, by what the log says of it; "" for
// those that want no line.
func breakingFiles() map[string]struct {
	file File
	log  string
} {
	const n = 2000 // more than the server keeps back
	whole := &Attributes{Size: n * int64(len(line))}
	fails := func() error { return errors.New("the origin broke") }
	panics := func() error { panic("the producer lost its head") }
	leaves := func() error { panic(http.ErrAbortHandler) }
	deaf := func(_ context.Context, w io.Writer) error {
		for range n + 1 {
			io.WriteString(w, line)
		}
		return nil
	}
	text := strings.Repeat(line, n)
	return map[string]struct {
		file File
		log  string
	}{
		"fails":                      {FromFunc("a", lines(n, fails), nil), "the origin broke"},
		"fails with all bytes sent":  {FromFunc("a", flushed(n, fails), whole), "the origin broke"},
		"fails after the last byte":  {FromFunc("a", lines(n, fails), whole), "the origin broke"},
		"panics":                     {FromFunc("a", lines(n, panics), nil), "the producer lost its head"},
		"panics after the last byte": {FromFunc("a", lines(n, panics), whole), "the producer lost its head"},
		"leaves":                     {FromFunc("a", lines(n, leaves), nil), ""},
		"leaves after the last byte": {FromFunc("a", lines(n, leaves), whole), ""},
		"returns ErrAbortHandler":    {FromFunc("a", lines(n, func() error { return http.ErrAbortHandler }), nil), ""},
		"too much":                   {FromFunc("a", lines(n+1, well), whole), "more content"},
		"too much, deaf":             {FromFunc("a", deaf, whole), "more content"},
		"too little":                 {FromFunc("a", lines(n-1, well), whole), "17 bytes are missing"},
		"much too little":            {FromFunc("a", lines(1, well), whole), "are missing"},
		"strings panic":              {FromSeq("a", seqOf[string](n, panics), nil), "the producer lost its head"},
		"too many strings":           {FromSeq("a", seqOf[string](n+1, well), whole), "more content"},
		"too few slices":             {FromSeq("a", seqOf[[]byte](n-1, well), whole), "17 bytes are missing"},
		"reader fails":               {FromReader("a", io.MultiReader(strings.NewReader(text), failing{errors.New("a broken pipe")}), nil), "a broken pipe"},
		"reader fails at its end":    {FromReader("a", io.MultiReader(strings.NewReader(text), failing{errors.New("wrong checksum")}), whole), "wrong checksum"},
		"reader panics":              {FromReader("a", io.MultiReader(strings.NewReader(text), &lazy{make: func() io.Reader { panic("the reader lost its head") }}), nil), "the reader lost its head"},
		"reader leaves":              {FromReader("a", io.MultiReader(strings.NewReader(text), &lazy{make: func() io.Reader { panic(http.ErrAbortHandler) }}), whole), ""},
		"reader too long":            {FromReader("a", io.MultiReader(strings.NewReader(text+"x")), whole), "more content"},
		"reader too short":           {FromReader("a", io.MultiReader(strings.NewReader(text[1:])), whole), "1 bytes are missing"},
	}
}

func TestABrokenGenerationIsNeverWhole(t *testing.T) {
	each(t, func(t *testing.T, protocol string, wrap func(http.Handler) http.Handler) {
		for name, tt := range breakingFiles() {
			t.Run(name, func(t *testing.T) {
				var logged bytes.Buffer
				mustBreakOff(t, protocol, wrap, tt.file, loggerTo(&logged), "")
				got := logged.String()
				if tt.log == "" && got != "" || !strings.Contains(got, tt.log) || strings.Count(got, "level=ERROR") != min(len(tt.log), 1) {
					t.Errorf("logged %q, want %q", got, tt.log)
				}
				if strings.Contains(tt.log, "head") && !strings.Contains(got, "generate_test.go") {
					t.Errorf("logged %q, want the stack of the panic too", got)
				}
			})
		}
	})
}

// A reader that leaves before there is a header is no empty file either.
func TestLeavingBeforeTheHeader(t *testing.T) {
	leave := func() io.Reader { panic(http.ErrAbortHandler) }
	each(t, func(t *testing.T, protocol string, wrap func(http.Handler) http.Handler) {
		for name, f := range map[string]File{
			"func":         FromFunc("a", func(context.Context, io.Writer) error { panic(http.ErrAbortHandler) }, nil),
			"small reader": FromReader("a", &lazy{make: leave}, &Attributes{Size: 10}),
		} {
			t.Run(name, func(t *testing.T) { mustBreakOff(t, protocol, wrap, f, discard, "") })
		}
	})
}

// What fails before the first byte is answered in its own right.
func TestGenerationFailsHonestly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   File
		status int
		logged string
	}{
		{"func", FromFunc("a", lines(0, func() error { return fmt.Errorf("row 7: %w", fs.ErrNotExist) }), nil), 404, ""},
		{"func with size", FromFunc("a", lines(0, func() error { return ErrUpstream }), &Attributes{Size: 5}), 502, "upstream"},
		{"func too short", FromFunc("a", lines(0, well), &Attributes{Size: 5}), 500, "5 bytes are missing"},
		{"func too long at once", FromFunc("a", lines(1, well), &Attributes{Size: 5}), 500, "more content"},
		{"panic", FromFunc("a", lines(0, func() error { panic(fs.ErrNotExist) }), nil), 500, "panic: file does not exist"},
		{"opener", FromOpener("a", func(context.Context) (io.Reader, error) { return nil, fs.ErrPermission }, nil), 403, ""},
		{"small reader", FromReader("a", failing{errors.New("broken")}, &Attributes{Size: 5}), 500, "broken"},
		{"small reader panics", FromReader("a", &lazy{make: func() io.Reader { panic("lost") }}, &Attributes{Size: 5}), 500, "panic: lost"},
		{"small reader too long", FromReader("a", iotest.OneByteReader(strings.NewReader("123456")), &Attributes{Size: 5}), 500, "more content"},
		{"seeker of another size", FromReader("a", strings.NewReader("123456"), &Attributes{Size: 5}), 500, "5 bytes and has 6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged bytes.Buffer
			v := fileResponse(Response{File: tt.file, ETag: `"v1"`}.WithHeader("X-Job", "7"))
			var seen Outcome
			s := serve(t, NewHandler(v, &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen = o }}))
			got := ask(t, s.URL, "GET")
			if got.err != nil || got.status != tt.status || got.body != http.StatusText(tt.status)+"\n" || seen.Status != tt.status {
				t.Errorf("%d %q %v, observed %+v; want %d", got.status, got.body, got.err, seen, tt.status)
			}
			if got.header.Get("X-Job") != "" || got.header.Get("Etag") != "" || got.header.Get("Content-Disposition") != "" {
				t.Errorf("what speaks of the file is still there: %v", got.header)
			}
			if (logged.Len() > 0) != (tt.logged != "") || !strings.Contains(logged.String(), tt.logged) {
				t.Errorf("logged %q, want %q", &logged, tt.logged)
			}
		})
	}
}

// When the client goes away the producer is told so, and ends.
func TestTheClientLeavesAGeneration(t *testing.T) {
	type end struct{ write, ctx error }
	ended := make(chan end, 1)
	forever := func(ctx context.Context, w io.Writer) error {
		for {
			if _, err := io.WriteString(w, line); err != nil {
				ended <- end{err, ctx.Err()}
				return nil // whatever it makes of it
			}
		}
	}
	waits := func(ctx context.Context, w io.Writer) error {
		io.WriteString(w, strings.Repeat(line, 10))
		w.(http.Flusher).Flush()
		<-ctx.Done()
		_, err := io.WriteString(w, line)
		ended <- end{err, ctx.Err()}
		return ctx.Err()
	}
	endless := func(yield func(string) bool) {
		defer func() { ended <- end{io.ErrClosedPipe, context.Canceled} }()
		for yield(line) {
		}
	}
	for name, f := range map[string]File{
		"func":       FromFunc("a", forever, nil),
		"sized func": FromFunc("a", forever, &Attributes{Size: 1 << 40}),
		"waiting":    FromFunc("a", waits, nil),
		"seq":        FromSeq("a", endless, nil),
		"read":       copied{FromFunc("a", forever, nil)},
		"seq, read":  copied{FromSeq("a", endless, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan Outcome, 1)
			var logged bytes.Buffer
			s := serve(t, NewHandler(fileView(f), &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen <- o }}))
			c, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
				c.Close()
				t.Fatal(err)
			}
			c.Close()
			if e := <-ended; e.write == nil || e.ctx == nil {
				t.Errorf("Write says %v and the context %v, want errors", e.write, e.ctx)
			}
			if o := <-seen; o.AbortedBy != Client || o.Status != 200 || o.Bytes == 0 {
				t.Errorf("outcome %+v, want aborted by the client", o)
			}
			if logged.Len() > 0 {
				t.Errorf("logged %q, want nothing", &logged)
			}
		})
	}
}

// A writer that fails is the client's failure, whatever the producer says of it,
// and though the request is not over.
func TestTheConnectionOfAGenerationBreaks(t *testing.T) {
	for _, says := range []error{nil, errors.New("I can't go on")} {
		f := FromFunc("a", func(ctx context.Context, w io.Writer) error {
			for range 100 {
				if _, err := io.WriteString(w, line); err != nil {
					if ctx.Err() == nil {
						t.Error("after a failed Write the context is not done")
					}
					return says
				}
			}
			t.Error("no Write failed")
			return nil
		}, nil)
		var seen Outcome
		var logged bytes.Buffer
		h := NewHandler(fileView(f), &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen = o }})
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("panic %v, want http.ErrAbortHandler", p)
				}
			}()
			h.ServeHTTP(&brokenWriter{httptest.NewRecorder(), 3}, httptest.NewRequest("GET", "/", nil))
		}()
		if seen.AbortedBy != Client || !errors.Is(seen.Err, io.ErrClosedPipe) || seen.Bytes != 3*int64(len(line)) || logged.Len() > 0 {
			t.Errorf("producer says %v: observed %+v, logged %q", says, seen, &logged)
		}
	}
}

// A brokenWriter takes so many writes.
type brokenWriter struct {
	*httptest.ResponseRecorder
	left int
}

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.ErrClosedPipe
	}
	w.left--
	return w.ResponseRecorder.Write(p)
}

func (w *brokenWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// copied is a file whose handle can be read and closed and no more, as behind
// something that counts or limits.
type copied struct{ File }

func (c copied) Open(ctx context.Context) (fs.File, error) {
	h, err := c.File.Open(ctx)
	return struct{ fs.File }{h}, err
}

// A file with a WriterTo of its own, such as one of a storage, never gives more
// than it said, and may give less than it has.
func TestAHandleThatWritesByItself(t *testing.T) {
	f := FromBytes("a.txt", []byte(strings.Repeat(line, 1000)), nil)
	for _, tt := range []struct {
		size int64
		ok   bool
	}{{17, true}, {-1, true}, {17_001, false}} {
		seen := make(chan Outcome, 1)
		s := serve(t, NewHandler(fileView(saying{f, tt.size}), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o }}))
		got := ask(t, s.URL, "GET")
		if o := <-seen; (o.AbortedBy == Nobody) != tt.ok || !tt.ok && o.AbortedBy != Origin {
			t.Errorf("17000 bytes said to be %d: observed %+v", tt.size, o)
		}
		if (got.err == nil) != tt.ok || tt.size > 0 && tt.ok && int64(len(got.body)) != tt.size {
			t.Errorf("17000 bytes said to be %d: %d bytes, %v", tt.size, len(got.body), got.err)
		}
	}
}

type saying struct {
	File
	size int64
}

func (s saying) Open(ctx context.Context) (fs.File, error) {
	h, err := s.File.Open(ctx)
	return sayingHandle{h, h.(io.WriterTo), s.size}, err
}

type sayingHandle struct {
	fs.File
	io.WriterTo
	size int64
}

func (h sayingHandle) Stat() (fs.FileInfo, error) { return Attributes{Size: h.size}.FileInfo("a"), nil }

// The producer runs in the handler's goroutine: nothing is between.
func TestNoGoroutineStandsBetween(t *testing.T) {
	f := FromFunc("a", func(_ context.Context, w io.Writer) error {
		_, err := w.Write(debug.Stack())
		return err
	}, nil)
	w := httptest.NewRecorder()
	NewHandler(fileView(f), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "(*handler).ServeHTTP") {
		t.Errorf("the producer is called by\n%s", w.Body)
	}
}

func TestFlush(t *testing.T) {
	for name, wrap := range recoverers {
		t.Run(name, func(t *testing.T) {
			read := make(chan struct{})
			f := FromFunc("a", func(ctx context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, "first\n"); err != nil {
					return err
				}
				w.(http.Flusher).Flush()
				select {
				case <-read:
				case <-ctx.Done():
					return ctx.Err()
				}
				_, err := io.WriteString(w, "second\n")
				return err
			}, nil)
			s := serve(t, wrap(NewHandler(fileView(f), &Options{Logger: discard})))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			first := make([]byte, 6)
			if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first\n" {
				t.Fatalf("%q, %v; want what was flushed", first, err)
			}
			close(read)
			if rest, err := io.ReadAll(resp.Body); string(rest) != "second\n" || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

func TestGeneratedHandle(t *testing.T) {
	var asked atomic.Int32
	text := strings.Repeat(line, 50)
	for name, newFile := range makers(50, Attributes{ETag: `"v1"`}, &asked) {
		t.Run(name, func(t *testing.T) {
			handle := func() fs.File {
				h, err := newFile().Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { h.Close() })
				return h
			}
			if err := iotest.TestReader(handle(), []byte(text)); err != nil {
				t.Error(err)
			}
			h := handle()
			fi, err := h.Stat()
			if err != nil || AttributesOf(fi).ETag != `"v1"` || fi.Name() != "b.txt" {
				t.Errorf("Stat = %+v, %v", fi, err)
			}
			begin := make([]byte, 20)
			if _, err := io.ReadFull(h, begin); err != nil {
				t.Fatal(err)
			}
			var rest bytes.Buffer
			if _, err := io.Copy(&rest, h); err != nil || string(begin)+rest.String() != text {
				t.Errorf("read %q, copied %q, %v", begin, &rest, err)
			}
			if n, err := h.Read(begin); n != 0 || err != io.EOF {
				t.Errorf("Read at the end: %d, %v", n, err)
			}
			if w, ok := handle().(io.WriterTo); ok {
				var all bytes.Buffer
				if n, err := w.WriteTo(&all); n != int64(len(text)) || err != nil || all.String() != text {
					t.Errorf("WriteTo = %d, %v, %q", n, err, &all)
				}
				if n, err := w.WriteTo(&all); n != 0 || err != nil {
					t.Errorf("WriteTo at the end = %d, %v", n, err)
				}
			}
		})
	}
}

// What broke off while it was read never ends well.
func TestReadingABrokenGeneration(t *testing.T) {
	for name, tt := range breakingFiles() {
		t.Run(name, func(t *testing.T) {
			h, err := tt.file.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = panicked(p)
					}
				}()
				_, err = io.Copy(io.Discard, struct{ io.Reader }{h})
				return err
			}
			for range 2 {
				if err := read(); err == nil {
					t.Error("the content ends as if it were whole")
				}
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPanicIsTheEnd(t *testing.T) {
	calls := 0
	h, err := FromFunc("a", func(context.Context, io.Writer) error { calls++; panic("lost") }, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	func() {
		defer func() { recover() }()
		io.Copy(io.Discard, h)
	}()
	if _, err := io.ReadAll(h); !errors.Is(err, errBrokeOff) || calls != 1 {
		t.Errorf("after a panic: %v, called %d times", err, calls)
	}
}

func TestCloseEndsTheProducer(t *testing.T) {
	var ends []string
	say := func(what string) { ends = append(ends, what) }
	for name, f := range map[string]File{
		"func": FromFunc("a", func(ctx context.Context, w io.Writer) error {
			defer say("func")
			for {
				if _, err := io.WriteString(w, line); err != nil {
					if ctx.Err() == nil || !errors.Is(err, fs.ErrClosed) {
						t.Errorf("Write: %v, context: %v", err, ctx.Err())
					}
					return err
				}
			}
		}, nil),
		"seq": FromSeq("a", func(yield func(string) bool) {
			defer say("seq")
			for yield(line) {
			}
		}, nil),
		"panics": FromFunc("a", func(_ context.Context, w io.Writer) error {
			defer say("panics")
			io.WriteString(w, line)
			panic("told to end")
		}, nil),
	} {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(h, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); (err != nil) != (name == "panics") {
			t.Errorf("%s: Close: %v", name, err)
		}
		if _, err := h.Read(make([]byte, 5)); !errors.Is(err, fs.ErrClosed) && name != "panics" {
			t.Errorf("%s: Read after Close: %v", name, err)
		}
	}
	slices.Sort(ends)
	if want := []string{"func", "panics", "seq"}; !slices.Equal(ends, want) {
		t.Errorf("ended %q, want %q", ends, want)
	}
}

func TestTheReaderIsClosed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		make   func(closed *int) File
		closed int
	}{
		{"reader", func(n *int) File { return FromReader("a", stream{strings.NewReader(line), n}, nil) }, 1},
		{"broken reader", func(n *int) File { return FromReader("a", stream{failing{io.ErrNoProgress}, n}, nil) }, 1},
		{"seeker of another size", func(n *int) File {
			return FromReader("a", seekingStream{strings.NewReader(line), n}, &Attributes{Size: 5})
		}, 1},
		{"opener", func(n *int) File {
			return FromOpener("a", func(context.Context) (io.Reader, error) { return stream{strings.NewReader(line), n}, nil }, nil)
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var closed int
			s := serve(t, NewHandler(fileView(tt.make(&closed)), &Options{Logger: discard}))
			for range 2 {
				ask(t, s.URL, "GET")
			}
			if closed != tt.closed {
				t.Errorf("closed %d times, want %d", closed, tt.closed)
			}
		})
	}
}

type seekingStream struct {
	io.ReadSeeker
	closed *int
}

func (s seekingStream) Close() error { *s.closed++; return nil }

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

// 1 MiB in pieces, written to the client by the producer itself, and through a
// pipe from a goroutine as io.Copy wants it.
func BenchmarkGenerate(b *testing.B) {
	const total = 1 << 20
	for _, size := range []int{64, 4 << 10} {
		piece := bytes.Repeat([]byte("x"), size)
		produce := func(_ context.Context, w io.Writer) error {
			for range total / size {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}
		pieces := func(yield func([]byte) bool) {
			for range total / size {
				if !yield(piece) {
					return
				}
			}
		}
		made := func(newFile func() File) http.Handler {
			return NewHandler(ViewFunc(func(*http.Request) (Response, error) { return Response{File: newFile()}, nil }), nil)
		}
		contenders := map[string]http.Handler{
			"func":       made(func() File { return FromFunc("a.csv", produce, nil) }),
			"sized func": made(func() File { return FromFunc("a.csv", produce, &Attributes{Size: total}) }),
			"seq":        made(func() File { return FromSeq("a.csv", pieces, nil) }),
			"func, read": made(func() File { return copied{FromFunc("a.csv", produce, nil)} }),
			"pipe": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h := w.Header()
				h.Set("Content-Type", "text/csv; charset=utf-8")
				h.Set("Content-Disposition", `attachment; filename="a.csv"`)
				h.Set("Cache-Control", "private, no-cache")
				h.Set("X-Content-Type-Options", "nosniff")
				pr, pw := io.Pipe()
				go func() { pw.CloseWithError(produce(r.Context(), pw)) }()
				defer pr.Close()
				io.Copy(w, pr)
			}),
		}
		for _, name := range slices.Sorted(maps.Keys(contenders)) {
			b.Run(fmt.Sprintf("%dB/%s", size, name), func(b *testing.B) {
				b.SetBytes(total)
				b.ReportAllocs()
				r := httptest.NewRequest("GET", "/", nil)
				for b.Loop() {
					contenders[name].ServeHTTP(headerOnly{make(http.Header, 8)}, r)
				}
			})
		}
	}
}
