package downloadview

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// An ending is a download with the faults and limits that may end it early.
type ending struct {
	file     string // a key of endingFiles
	size     int
	slow     time.Duration // the origin's time for a piece
	fault    string        // a key of endingFaults
	at       int           // the byte at which the fault is
	rate     int64
	limit    string // a key of endingLimits
	after    time.Duration
	around   string // a key of endingWrappers
	protocol string
	leaves   int           // the client leaves after so many bytes; 0: it doesn't
	pause    time.Duration // of the client after each read
	ranged   bool
}

var (
	endingFiles     = []string{"object", "object without length", "func", "sized func", "reader", "sized reader", "pieces", "local"}
	endingFaults    = []string{"", "error", "panic", "abort", "short", "canceled"}
	endingLimits    = []string{"", "deadline", "cancel", "cause", "timeout handler", "shutdown", "write timeout", "refusing writer"}
	endingWrappers  = []string{"bare", "swallow", "fill up", "compressing, swallow", "no unwrap, swallow", "hidden, swallow", "timed swallow"}
	endingProtocols = []string{"HTTP/1.0", "HTTP/1.1", "HTTP/2"}
)

// drawEnding makes an ending from a seed. Most have at most one cause, so that it is
// known which party the outcome must name.
func drawEnding(seed uint64) ending {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	e := ending{
		file: pick(endingFiles), size: r.IntN(1 << (4 + r.IntN(15))), around: pick(endingWrappers),
		protocol: pick(endingProtocols), ranged: r.IntN(8) == 0,
	}
	if r.IntN(3) == 0 {
		e.slow = time.Duration(r.IntN(50)) * time.Millisecond
	}
	if r.IntN(3) == 0 {
		e.rate = 1 + r.Int64N(1<<(6+r.IntN(14)))
		if e.file == "local" { // 256 KiB, which a low rate cuts into single bytes
			e.rate = max(e.rate, 1<<10)
		}
	}
	if r.IntN(4) == 0 {
		e.pause = time.Duration(r.IntN(20)) * time.Millisecond
	}
	if r.IntN(2) == 0 {
		e.limit, e.after = pick(endingLimits), time.Duration(1+r.IntN(1<<r.IntN(14)))*time.Millisecond
	}
	if r.IntN(3) == 0 && e.file != "local" {
		if e.fault = pick(endingFaults); e.fault != "" {
			e.at = r.IntN(e.size + 1)
		}
	}
	if r.IntN(4) == 0 {
		e.leaves = 1 + r.IntN(e.size+1)
	}
	return e
}

// A download is complete, or its client sees that it isn't. The outcome names the party
// that ended it.
func TestEndings(t *testing.T) {
	local := newLocalFile(t, "local.bin", strings.Repeat("0123456789abcdef", 1<<14))
	for seed := range uint64(400) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { drawEnding(seed).check(t, local) })
		})
	}
}

// FuzzEndings is TestEndings for any seed.
func FuzzEndings(f *testing.F) {
	f.Add(uint64(0))
	local := newLocalFile(f, "local.bin", strings.Repeat("0123456789abcdef", 1<<14))
	f.Fuzz(func(t *testing.T, seed uint64) {
		e := drawEnding(seed)
		synctest.Test(t, func(t *testing.T) { e.check(t, local) })
	})
}

// check runs e and compares what its client and its observer received.
func (e ending) check(t *testing.T, local localFile) {
	var logged bytes.Buffer
	seen := make(chan Outcome, 1)
	h := e.handler(local, &Options{
		Logger:   slog.New(slog.NewTextHandler(&logged, nil)),
		Observer: func(_ *http.Request, o Outcome) { seen <- o },
	})
	stop, stopping := context.WithCancelCause(t.Context())
	s := &http.Server{
		Handler:     h,
		BaseContext: func(net.Listener) context.Context { return stop },
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, 0),
		Protocols:   new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	if e.limit == "write timeout" {
		s.WriteTimeout = e.after
	}
	l := newPipes()
	go s.Serve(EndStalled(l, time.Hour))
	defer func() {
		s.Close()
		stopping(nil)
		synctest.Wait()
	}()
	if e.limit == "shutdown" {
		time.AfterFunc(e.after, func() { stopping(ErrShutdown) })
		time.AfterFunc(e.after+time.Millisecond, func() { s.Close() })
	}

	got := e.download(l)
	var o Outcome
	select {
	case o = <-seen:
	case <-time.After(time.Hour):
		if got.err == nil || e.limit != "shutdown" && e.leaves == 0 {
			t.Fatalf("%+v: client %v, and the observer was told nothing", e, got)
		}
		return // the request didn't come to the handler
	}
	want := e.content()
	if e.ranged && got.status == http.StatusPartialContent {
		want = want[:min(len(want), 10)]
	}
	if e.isHidden() && e.limit != "timeout handler" && e.protocol == "HTTP/1.0" && got.length == "" {
		return // such an answer has no end but that of the connection (docs/design/0005)
	}
	isFile := got.status == http.StatusOK || got.status == http.StatusPartialContent
	switch {
	case got.err == nil && isFile && got.body != want:
		t.Errorf("%+v: the client takes %d bytes of %d for a complete download; outcome %+v", e, len(got.body), len(want), o)
	case got.err == nil && !isFile && got.status < 500:
		t.Errorf("%+v: status %d", e, got.status)
	case got.err != nil && e.isHarmless():
		t.Errorf("%+v: %v, and nothing is wrong; outcome %+v", e, got.err, o)
	case !strings.HasPrefix(want, got.body) && isFile:
		t.Errorf("%+v: the client got other bytes than the file's", e)
	}
	if parties := e.parties(); !strings.Contains(parties, fmt.Sprintf("<%v>", o.AbortedBy)) {
		t.Errorf("%+v: ended by %q, want one of %s; outcome %+v, client %v", e, o.AbortedBy, parties, o, got.err)
	}
	toBeLogged := o.AbortedBy != NotAborted && o.AbortedBy != AbortedByClient && !errors.Is(o.Err, http.ErrAbortHandler)
	if toBeLogged != strings.Contains(logged.String(), "aborted_by") {
		t.Errorf("%+v: outcome %+v, logged %q", e, o, &logged)
	}
}

// isHarmless reports whether nothing in e can end the download early.
func (e ending) isHarmless() bool {
	if e.limit == "write timeout" {
		return e.fault == "" && e.leaves == 0 && max(e.pause, e.slow) < e.after/4 && (e.rate == 0 || e.after > 2*time.Second)
	}
	return e.fault == "" && e.leaves == 0 && e.limit == ""
}

// parties returns the parties that may have ended e, each in angle brackets.
func (e ending) parties() string {
	s := "<>"
	if e.fault != "" {
		s += "<origin>"
	}
	if e.leaves > 0 {
		s += "<client>"
	}
	switch e.limit {
	case "":
	case "shutdown":
		s += "<shutdown>"
	case "cancel":
		s += "<server>"
		if e.isHidden() { // then the handler can't see whether the connection is open
			s += "<client>"
		}
	default:
		s += "<server>"
	}
	return s
}

// isHidden reports whether a wrapper hides the connection from the handler.
func (e ending) isHidden() bool { return e.around == "hidden, swallow" || e.limit == "timeout handler" }

func (e ending) content() string {
	n := e.size
	if e.file == "local" {
		n = 1 << 18
	}
	return strings.Repeat("0123456789abcdef", n/16+1)[:n]
}

// handler returns the handler that serves e.
func (e ending) handler(local localFile, o *Options) http.Handler {
	h := NewHandler(ViewFunc(func(r *http.Request) (Response, error) {
		return Response{File: e.newFile(local), LimitRate: e.rate, ContentType: "text/plain"}, nil
	}), o)
	if e.limit == "refusing writer" {
		h = refusing(h, e.after)
	}
	limited := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := r.Context(), context.CancelFunc(func() {})
			switch e.limit {
			case "deadline":
				ctx, cancel = context.WithTimeout(ctx, e.after)
			case "cancel":
				ctx, cancel = context.WithCancel(ctx)
				time.AfterFunc(e.after, cancel)
			case "cause":
				c, because := context.WithCancelCause(ctx)
				ctx, cancel = c, func() { because(nil) }
				time.AfterFunc(e.after, func() { because(errors.New("too many downloads")) })
			}
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	h = limited(h)
	switch e.around {
	case "swallow":
		h = swallow(h)
	case "fill up":
		h = fillUp(h)
	case "compressing, swallow":
		h = swallow(middleware.Compress(5, "text/plain")(h))
	case "no unwrap, swallow":
		h = swallow(opaque(h))
	case "hidden, swallow":
		h = swallow(concealed(h))
	}
	if e.limit == "timeout handler" {
		h = http.TimeoutHandler(h, e.after, "too late")
	}
	if e.around == "timed swallow" { // recovers around the handler with a time limit
		h = swallow(h)
	}
	return h
}

// opaque wraps the writer without Unwrap, as gin-contrib/gzip does.
func opaque(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	})
}

// concealed wraps the writer without Unwrap and without embedding it, so that nothing
// finds the inner one.
func concealed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(concealedWriter{w}, r)
	})
}

type concealedWriter struct{ w http.ResponseWriter }

func (h concealedWriter) Header() http.Header         { return h.w.Header() }
func (h concealedWriter) WriteHeader(status int)      { h.w.WriteHeader(status) }
func (h concealedWriter) Write(p []byte) (int, error) { return h.w.Write(p) }

// refusing makes writes fail after some time, as a quota does.
func refusing(next http.Handler, after time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&refusingWriter{w, time.Now().Add(after)}, r)
	})
}

type refusingWriter struct {
	http.ResponseWriter
	until time.Time
}

func (w *refusingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *refusingWriter) Write(p []byte) (int, error) {
	if time.Now().After(w.until) {
		return 0, errors.New("over quota")
	}
	return w.ResponseWriter.Write(p)
}

// newFile returns the file of e.
func (e ending) newFile(local localFile) File {
	content := e.content()
	size := &Attributes{Size: int64(len(content))}
	produce := func(ctx context.Context, w io.Writer) error {
		_, err := io.Copy(w, struct{ io.Reader }{e.reader(ctx, content)})
		return err
	}
	open := func(ctx context.Context) (io.Reader, error) {
		return struct{ io.Reader }{e.reader(ctx, content)}, nil
	}
	switch e.file {
	case "func":
		return FromFunc("a.txt", produce, nil)
	case "sized func":
		return FromFunc("a.txt", produce, size)
	case "reader":
		return FromOpener("a.txt", open, nil)
	case "sized reader":
		return FromOpener("a.txt", open, size)
	case "pieces":
		return FromFunc("a.txt", func(ctx context.Context, w io.Writer) error {
			r, buf := e.reader(ctx, content), make([]byte, 10)
			for {
				n, err := r.Read(buf)
				if n > 0 {
					if _, err := w.Write(buf[:n]); err != nil {
						return err
					}
				}
				if err == io.EOF {
					return nil
				} else if err != nil {
					return err
				}
			}
		}, nil)
	case "local":
		return local
	case "object without length":
		return endingObject{e, content, -1}
	}
	return endingObject{e, content, int64(len(content))}
}

// An endingObject is like a file over a network: reading it ends with its context.
type endingObject struct {
	e       ending
	content string
	size    int64
}

func (o endingObject) Name() string { return "a.txt" }

func (o endingObject) Open(ctx context.Context) (fs.File, error) {
	info := Attributes{Size: o.size, ETag: `"v"`}.FileInfo("a.txt")
	return &readerHandle{stated{info}, closer{}, o.e.reader(ctx, o.content), -1}, nil
}

// reader reads content with the fault and at the speed of e. It ends with ctx, as a
// reader over a network does.
func (e ending) reader(ctx context.Context, content string) io.Reader {
	end := len(content)
	if e.fault != "" {
		end = min(e.at, end)
	}
	return &endingReader{e: e, ctx: ctx, r: strings.NewReader(content[:end])}
}

type endingReader struct {
	e   ending
	ctx context.Context
	r   *strings.Reader
}

func (r *endingReader) Read(p []byte) (int, error) {
	if r.e.slow > 0 {
		select {
		case <-time.After(r.e.slow):
		case <-r.ctx.Done():
		}
	}
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("reading: %w", err)
	}
	n, err := r.r.Read(p[:min(len(p), 4000)])
	if err != io.EOF || r.e.fault == "" {
		return n, err
	}
	switch r.e.fault {
	case "error":
		return n, errors.New("the origin broke")
	case "panic":
		panic("the origin broke")
	case "abort":
		panic(http.ErrAbortHandler)
	case "canceled": // by the origin's own doing
		return n, fmt.Errorf("the origin: %w", context.Canceled)
	}
	if r.e.size == r.e.at {
		return n, errors.New("the origin broke at its end")
	}
	return n, io.ErrUnexpectedEOF
}

// A received answer is the part of a download that a client received. err is nil if
// the client takes it for complete.
type received struct {
	status int
	length string // Content-Length
	body   string
	err    error
}

func (e ending) download(l *pipes) received {
	if e.protocol == "HTTP/1.0" {
		return e.downloadOld(l)
	}
	t := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return l.dial() },
		DisableCompression: true,
		DisableKeepAlives:  true,
		Protocols:          new(http.Protocols),
	}
	defer t.CloseIdleConnections()
	t.Protocols.SetHTTP1(e.protocol == "HTTP/1.1")
	t.Protocols.SetUnencryptedHTTP2(e.protocol == "HTTP/2")
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://server/", nil)
	if err != nil {
		return received{err: err}
	}
	r.Header.Set("Accept-Encoding", "gzip")
	if e.ranged {
		r.Header.Set("Range", "bytes=0-9")
	}
	resp, err := t.RoundTrip(r)
	if err != nil {
		return received{err: err}
	}
	defer resp.Body.Close()
	got := e.read(resp.StatusCode, resp.Header, resp.Body)
	if got.err == errLeft {
		leave()
	}
	return got
}

var errLeft = errors.New("the client has left")

// read reads a body as the client of e does.
func (e ending) read(status int, h http.Header, body io.Reader) received {
	got := received{status: status, length: h.Get("Content-Length")}
	body = &endingClient{e, body, e.leaves}
	if h.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			got.err = err
			return got
		}
		body = z
	}
	all, err := io.ReadAll(body)
	got.body, got.err = string(all), err
	return got
}

// An endingClient reads slowly, or leaves after some bytes.
type endingClient struct {
	e    ending
	r    io.Reader
	left int
}

func (c *endingClient) Read(p []byte) (int, error) {
	if c.e.pause > 0 {
		time.Sleep(c.e.pause)
	}
	if c.e.leaves > 0 {
		if c.left == 0 {
			return 0, errLeft
		}
		p = p[:min(len(p), c.left)]
	}
	n, err := c.r.Read(p)
	c.left -= n
	return n, err
}

// downloadOld sends an HTTP/1.0 request. Without a length, only a reset shows that the
// answer is incomplete.
func (e ending) downloadOld(l *pipes) received {
	c, err := l.dial()
	if err != nil {
		return received{err: err}
	}
	defer c.Close()
	rng := ""
	if e.ranged {
		rng = "Range: bytes=0-9\r\n"
	}
	go fmt.Fprintf(c, "GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n%s\r\n", rng)
	return e.readOld(c)
}
