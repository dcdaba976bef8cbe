package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// breakingFiles returns files that fail half way, each with the text that the log must
// have; "" means no line.
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
		"too much":                   {FromFunc("a", lines(n+1, well), whole), "the content is longer than its size"},
		"too much, deaf":             {FromFunc("a", deaf, whole), "the content is longer than its size"},
		"too little":                 {FromFunc("a", lines(n-1, well), whole), "17 bytes are missing"},
		"much too little":            {FromFunc("a", lines(1, well), whole), "are missing"},
		"strings panic":              {FromSeq("a", seqOf[string](n, panics), nil), "the producer lost its head"},
		"too many strings":           {FromSeq("a", seqOf[string](n+1, well), whole), "the content is longer than its size"},
		"too few slices":             {FromSeq("a", seqOf[[]byte](n-1, well), whole), "17 bytes are missing"},
		"reader fails":               {FromReader("a", io.MultiReader(strings.NewReader(text), failing{errors.New("a broken pipe")}), nil), "a broken pipe"},
		"reader fails at its end":    {FromReader("a", io.MultiReader(strings.NewReader(text), failing{errors.New("wrong checksum")}), whole), "wrong checksum"},
		"reader panics":              {FromReader("a", io.MultiReader(strings.NewReader(text), &lazy{make: func() io.Reader { panic("the reader lost its head") }}), nil), "the reader lost its head"},
		"reader leaves":              {FromReader("a", io.MultiReader(strings.NewReader(text), &lazy{make: func() io.Reader { panic(http.ErrAbortHandler) }}), whole), ""},
		"reader too long":            {FromReader("a", io.MultiReader(strings.NewReader(text+"x")), whole), "the content is longer than its size"},
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

// If a producer panics with http.ErrAbortHandler before the header is sent, the client
// doesn't get an empty file.
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

// An error before the first byte is answered with its own status.
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
		{"func too long at once", FromFunc("a", lines(1, well), &Attributes{Size: 5}), 500, "the content is longer than its size"},
		{"panic", FromFunc("a", lines(0, func() error { panic(fs.ErrNotExist) }), nil), 500, "panic: file does not exist"},
		{"opener", FromOpener("a", func(context.Context) (io.Reader, error) { return nil, fs.ErrPermission }, nil), 403, ""},
		{"small reader", FromReader("a", failing{errors.New("broken")}, &Attributes{Size: 5}), 500, "broken"},
		{"small reader panics", FromReader("a", &lazy{make: func() io.Reader { panic("lost") }}, &Attributes{Size: 5}), 500, "panic: lost"},
		{"small reader too long", FromReader("a", iotest.OneByteReader(strings.NewReader("123456")), &Attributes{Size: 5}), 500, "the content is longer than its size"},
		{"seeker of another size", FromReader("a", strings.NewReader("123456"), &Attributes{Size: 5}), 500, "was given as 5 bytes, but its content has 6"},
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
				t.Errorf("the header still has fields of the file: %v", got.header)
			}
			if (logged.Len() > 0) != (tt.logged != "") || !strings.Contains(logged.String(), tt.logged) {
				t.Errorf("logged %q, want %q", &logged, tt.logged)
			}
		})
	}
}

// If the client leaves, the producer gets an error from Write and a cancelled context.
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
			if o := <-seen; o.AbortedBy != AbortedByClient || o.Status != 200 || o.Bytes == 0 {
				t.Errorf("outcome %+v, want aborted by the client", o)
			}
			if logged.Len() > 0 {
				t.Errorf("logged %q, want nothing", &logged)
			}
		})
	}
}

// If a write to the client fails, the outcome names the client, for every error of the
// producer, and even if the request's context is still open.
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
		if seen.AbortedBy != AbortedByClient || !errors.Is(seen.Err, io.ErrClosedPipe) || seen.Bytes != 3*int64(len(line)) || logged.Len() > 0 {
			t.Errorf("producer says %v: observed %+v, logged %q", says, seen, &logged)
		}
	}
}

// A brokenWriter fails after left writes.
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
