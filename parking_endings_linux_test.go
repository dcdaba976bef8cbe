//go:build !386

package downloadview_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/readahead"
)

// Whatever ends a parked download early, its client sees that it isn't complete, and the
// outcome names the party.
func TestParkedDownloadIsCutShort(t *testing.T) {
	failing := func(content []byte) downloadview.File {
		return parkObject{content: content, fails: int64(len(content) - 1000)}
	}
	ends := map[string]struct {
		k    parkCase
		end  func(t *testing.T, s *parkSite, c net.Conn)
		want downloadview.AbortedBy
		err  error
	}{
		"client leaves": {
			end:  func(_ *testing.T, _ *parkSite, c net.Conn) { c.Close() },
			want: downloadview.AbortedByClient,
		},
		"client stalls": {
			k:    parkCase{stall: 400 * time.Millisecond},
			end:  func(*testing.T, *parkSite, net.Conn) {},
			want: downloadview.AbortedByStall,
		},
		"shutdown": {
			end: func(t *testing.T, s *parkSite, _ net.Conn) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if err := s.server.Shutdown(ctx); err != nil {
					t.Errorf("Shutdown of the server: %v; it has no connection left", err)
				}
				if err := s.parking.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Shutdown with a parked download: %v, want %v", err, context.DeadlineExceeded)
				}
				s.parking.Close()
				if err := s.parking.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown after Close: %v", err)
				}
			},
			want: downloadview.AbortedByShutdown,
		},
		"origin": {
			k:    parkCase{file: failing},
			end:  func(*testing.T, *parkSite, net.Conn) {},
			want: downloadview.AbortedByOrigin, err: errOrigin,
		},
	}
	for name, e := range ends {
		for kind, file := range map[string]func([]byte) downloadview.File{"disk": nil, "object": asObject, "rest": asRest} {
			for _, rate := range []int64{0, 1023 << 10} {
				if name == "origin" && kind != "object" || name == "client stalls" && rate > 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s, rate %d", name, kind, rate), func(t *testing.T) {
					k := e.k
					k.size, k.rate = 2*mebi, rate
					if rate > 0 {
						k.size = mebi
					}
					if k.file == nil {
						k.file = file
					}
					s := newParkSite(t, k)
					c, resp := s.get(t, "HTTP/1.1")
					s.awaitParked(t, 1)
					e.end(t, s, c)
					if e.want != downloadview.AbortedByStall || rate > 0 {
						n, err := io.Copy(io.Discard, resp.Body)
						if err == nil || n == int64(len(s.content)) {
							t.Errorf("read %d bytes, %v; want an error", n, err)
						}
					}
					o := s.outcome(t)
					if o.AbortedBy != e.want || o.Err == nil || e.err != nil && !errors.Is(o.Err, e.err) || o.Status != 200 {
						t.Errorf("outcome %+v, want it aborted by the %v with %v", o, e.want, e.err)
					}
					if o.Bytes <= 0 || o.Bytes >= int64(len(s.content)) {
						t.Errorf("%d bytes of %d, want a part", o.Bytes, len(s.content))
					}
					if err := s.parking.Shutdown(t.Context()); err != nil || s.parking.Open() != 0 {
						t.Errorf("%d are parked after the end, %v", s.parking.Open(), err)
					}
				})
			}
		}
	}
}

// Shutdown waits for parked downloads, which go on.
func TestShutdownWaitsForParkedDownloads(t *testing.T) {
	s := newParkSite(t, parkCase{size: 2 * mebi})
	_, resp := s.get(t, "HTTP/1.1")
	s.awaitParked(t, 1)
	if err := s.server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.parking.Shutdown(t.Context()) }()
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v with a parked download", err)
	case <-time.After(20 * time.Millisecond):
	}
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, s.content) {
		t.Errorf("read %d bytes, %v; want the content", len(got), err)
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// These downloads stay where they are, and their handlers return at the end.
func TestNotParked(t *testing.T) {
	timed := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	unknown := func(content []byte) downloadview.File {
		return downloadview.FromOpener("a.bin", func(context.Context) (io.Reader, error) {
			return struct{ io.Reader }{bytes.NewReader(content)}, nil
		}, nil)
	}
	opaque := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
	}
	sends := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			downloadview.SendFile(w, r, asObject(randomBytes(2*mebi)))
		})
	}
	for name, k := range map[string]parkCase{
		"off":                     {off: true},
		"a context inside":        {inside: timed},
		"a compressing writer":    {inside: middleware.Compress(5)},
		"a writer without Unwrap": {inside: opaque},
		"a writer of chi":         {inside: func(h http.Handler) http.Handler { return middleware.Logger(h) }},
		"an unknown size":         {file: unknown},
		"its own WriteTo":         {file: asCopying},
		"FromString":              {file: func(b []byte) downloadview.File { return downloadview.FromString("a.bin", string(b), nil) }},
		"read ahead":              {file: asAhead},
		"WriteTo of a file of the system, with a rate":  {rate: mebi / 2, file: func(b []byte) downloadview.File { return parkPart{t, b, false} }},
		"SendRest of a file of the system, with a rate": {rate: mebi / 2, file: func(b []byte) downloadview.File { return parkPart{t, b, true} }},
		"an archive":     {file: asArchive},
		"several ranges": {ranges: "bytes=0-1000000,1000002-"},
		"Send":           {inside: sends},
		"a writer outside that changes the bytes":              {outside: chunking},
		"a writer outside that changes the bytes of an object": {outside: chunking, file: asObject},
		"a writer outside, and SendRest":                       {outside: chunking, file: asRest},
		"a writer outside that lets the kernel copy":           {outside: chunkingFrom},
		"a write deadline of the program":                      {inside: deadlined},
	} {
		t.Run(name, func(t *testing.T) {
			if k.size = 2 * mebi; k.rate > 0 {
				k.size = mebi / 2
			}
			s := newParkSite(t, k)
			var header []string
			if k.ranges != "" {
				header = []string{"Range: " + k.ranges}
			}
			_, resp := s.get(t, "HTTP/1.1", header...)
			select {
			case <-s.returned:
				t.Fatal("the handler has returned in the middle of the body")
			case <-time.After(10 * parkAfter):
			}
			if n := s.parking.Open(); n != 0 {
				t.Errorf("%d are parked", n)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			if err != nil || n < int64(k.size) && k.ranges == "" || resp.ContentLength >= 0 && n != resp.ContentLength {
				t.Errorf("read %d bytes of %d, %v", n, k.size, err)
			}
			<-s.returned
		})
	}
}

// asAhead is an object as storage/readahead reads it.
func asAhead(content []byte) downloadview.File {
	f, err := readahead.New(oneObject{parkObject{content: content}}, &readahead.Options{PartSize: 64 << 10}).File("a.bin")
	if err != nil {
		panic(err)
	}
	return f
}

// A parkPart has handles whose WriteTo copies a part of a file of the system.
type parkPart struct {
	t       *testing.T
	content []byte
	rest    bool // by SendRest
}

func (f parkPart) Name() string { return "a.bin" }

func (f parkPart) Open(ctx context.Context) (fs.File, error) {
	return f.OpenRange(ctx, 0, -1)
}

func (f parkPart) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h, err := parkObject{content: f.content}.OpenRange(ctx, offset, length)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(f.t.TempDir(), "part")
	if err := os.WriteFile(name, f.content, 0o600); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	return parkPartHandle{h, file, f}, err
}

type parkPartHandle struct {
	fs.File
	part *os.File
	f    parkPart
}

func (h parkPartHandle) Close() error { return errors.Join(h.part.Close(), h.File.Close()) }

func (h parkPartHandle) WriteTo(w io.Writer) (int64, error) {
	part := io.LimitReader(h.part, int64(len(h.f.content)))
	if h.f.rest {
		return w.(interface {
			SendRest(io.Reader) (int64, error)
		}).SendRest(part)
	}
	return w.(io.ReaderFrom).ReadFrom(part)
}

// asArchive is an archive with the content.
func asArchive(content []byte) downloadview.File {
	return archive.Zip("a.zip", archive.Of(archive.Entry{Name: "a.bin", File: asObject(content)}), nil)
}

// deadlined sets a deadline for the answer, which would be lost with the server.
func deadlined(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
		h.ServeHTTP(w, r)
	})
}

// chunking removes the length, so that the server adds bytes to the body.
func chunking(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(&chunked{w}, r) })
}

type chunked struct{ http.ResponseWriter }

func (w *chunked) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *chunked) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

// A client that keeps up keeps its connection.
func TestFastClientsKeepTheirConnection(t *testing.T) {
	for name, k := range map[string]parkCase{"disk": {}, "object": {file: asObject}, "copying": {file: asCopying}, "rest": {file: asRest}} {
		t.Run(name, func(t *testing.T) {
			k.size, k.after = 4*mebi, time.Minute
			s := newParkSite(t, k)
			c, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got := make([]byte, len(s.content))
			for range 20 {
				if _, err := io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: example.com\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				n, err := io.ReadFull(resp.Body, got)
				if err != nil || !bytes.Equal(got, s.content) {
					t.Fatalf("read %d bytes, %v; want the content", n, err)
				}
				if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Fatalf("after the content: %d bytes, %v", n, err)
				}
			}
		})
	}
}

// AfterAnswer waits for the end of a parked download, and of no other.
func TestAfterAnswer(t *testing.T) {
	over := make(chan string, 10)
	observed := func(name string) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer downloadview.AfterAnswer(r, func() { over <- name })
				h.ServeHTTP(w, r)
			})
		}
	}
	s := newParkSite(t, parkCase{size: 2 * mebi, inside: observed("inside"), outside: observed("outside")})
	_, resp := s.get(t, "HTTP/1.1")
	s.awaitParked(t, 1)
	select {
	case name := <-over:
		t.Fatalf("the hook %s was called in the middle of the body", name)
	default:
	}
	io.Copy(io.Discard, resp.Body)
	s.outcome(t)
	if first, second := <-over, <-over; first != "inside" || second != "outside" {
		t.Errorf("called %s, %s; want inside, outside", first, second)
	}
	r, _ := http.NewRequest("GET", "/", nil)
	downloadview.AfterAnswer(r, func() { over <- "at once" })
	if len(over) != 1 {
		t.Error("not called at once for a request that isn't parked")
	}
}

// A parkDraw is a random download.
type parkDraw struct {
	parkCase
	pauses int
	ends   string // "", "leaves", "origin", "shutdown"
	at     int
}

func drawParked(seed uint64) parkDraw {
	r := rand.New(rand.NewPCG(seed, 16))
	d := parkDraw{pauses: r.IntN(4), at: r.IntN(3 * mebi)}
	d.size = r.IntN(3 * mebi)
	d.network = []string{"tcp", "unix"}[r.IntN(2)]
	if r.IntN(3) == 0 {
		d.rate = 4*mebi + r.Int64N(64*mebi)
	}
	if r.IntN(2) == 0 {
		d.buffer = 16<<10 + r.IntN(256<<10)
	}
	kind := r.IntN(3)
	d.ends = []string{"", "", "", "leaves", "origin", "shutdown"}[r.IntN(6)]
	fails := int64(0)
	if d.ends == "origin" {
		fails = 1 + r.Int64N(int64(d.size)+1)
		kind = 1 + kind%2
	}
	if kind > 0 {
		d.file = func(content []byte) downloadview.File {
			return parkObject{content: content, copies: kind == 2, rest: d.at%2 == 0, fails: fails}
		}
	}
	switch a, b := r.IntN(d.size+1), r.IntN(d.size+1); r.IntN(4) {
	case 0:
		d.ranges = fmt.Sprintf("bytes=%d-%d", min(a, b), max(a, b))
	case 1:
		m := (a + b) / 2
		d.ranges = fmt.Sprintf("bytes=%d-%d,%d-", min(a, b)/2, m/2, m/2+100)
	}
	return d
}

// With a Parking, random downloads have the bytes that they should have, or their clients
// see that they are cut short. The outcome agrees.
func TestParkedDownloadsAreRight(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			for _, off := range []bool{true, false} {
				d := drawParked(seed)
				d.off = off
				d.check(t)
			}
		})
	}
}

func (d parkDraw) check(t *testing.T) {
	s := newParkSite(t, d.parkCase)
	var header []string
	if d.ranges != "" {
		header = append(header, "Range: "+d.ranges)
	}
	c, resp, err := s.ask(t, header...)
	if err != nil {
		if d.ends != "origin" {
			t.Fatalf("%+v: %v", d, err)
		}
		return
	}
	ended := false
	got := new(bytes.Buffer)
	buf := make([]byte, 64<<10)
	pauseAt := 0
	for err == nil {
		if d.pauses > 0 && got.Len() >= pauseAt {
			d.pauses--
			pauseAt = got.Len() + mebi
			time.Sleep(2 * parkAfter)
		}
		if !ended && got.Len() >= d.at {
			ended = true
			switch d.ends {
			case "leaves":
				c.Close()
			case "shutdown":
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				s.parking.Close()
				s.server.Shutdown(ctx)
				s.server.Close()
			}
		}
		var n int
		n, err = resp.Body.Read(buf)
		got.Write(buf[:n])
	}
	o := s.outcome(t)
	if resp.StatusCode >= 400 {
		return
	}
	body := got.Bytes()
	if err == io.EOF {
		if want := d.want(t, resp, body, s.content); !want {
			t.Errorf("%+v: the client takes %d bytes for a complete answer; outcome %+v", d, len(body), o)
		}
		if o.AbortedBy != downloadview.NotAborted && d.ends == "" {
			t.Errorf("%+v: outcome %+v, but the client got everything", d, o)
		}
		return
	}
	if d.ends == "" {
		t.Errorf("%+v: %v after %d bytes, and nothing is wrong; outcome %+v", d, err, len(body), o)
	}
	if d.ranges == "" && !bytes.HasPrefix(s.content, body) {
		t.Errorf("%+v: other bytes than the file's", d)
	}
	if d.ends == "origin" && o.AbortedBy != downloadview.AbortedByOrigin {
		t.Errorf("%+v: outcome %+v, want it aborted by the origin", d, o)
	}
}

// ask is get without a fatal error.
func (s *parkSite) ask(t testing.TB, header ...string) (net.Conn, *http.Response, error) {
	c := s.dial(t)
	b := "GET /a.bin HTTP/1.1\r\nHost: example.com\r\n"
	for _, h := range header {
		b += h + "\r\n"
	}
	if _, err := io.WriteString(c, b+"\r\n"); err != nil {
		return nil, nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	return c, resp, err
}

// want reports whether body is the whole answer.
func (d parkDraw) want(t *testing.T, resp *http.Response, body, content []byte) bool {
	part := func(header string, b []byte) bool {
		var first, last, size int
		if _, err := fmt.Sscanf(header, "bytes %d-%d/%d", &first, &last, &size); err != nil || size != len(content) {
			t.Errorf("Content-Range %q", header)
			return false
		}
		return bytes.Equal(b, content[first:last+1])
	}
	kind, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == 200:
		return bytes.Equal(body, content)
	case kind != "multipart/byteranges":
		return part(resp.Header.Get("Content-Range"), body)
	}
	parts, n := multipart.NewReader(bytes.NewReader(body), params["boundary"]), 0
	for ; ; n++ {
		p, err := parts.NextPart()
		if err == io.EOF {
			return n > 1
		}
		b, readErr := io.ReadAll(p)
		if err != nil || readErr != nil || !part(p.Header.Get("Content-Range"), b) {
			return false
		}
	}
}

// parkLog is a Tracer that notes what begins and ends.
type parkLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *parkLog) Start(ctx context.Context, s downloadview.Stage) (context.Context, func(error)) {
	l.add("begin " + s.String())
	return ctx, func(err error) { l.add(fmt.Sprintf("end %v %v", s, err)) }
}

func (l *parkLog) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *parkLog) seen() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *parkLog) Enter(*http.Request, downloadview.Delivery) (func(downloadview.Outcome), error) {
	return func(o downloadview.Outcome) { l.add(fmt.Sprintf("leave %d", o.Bytes)) }, nil
}

// The Tracer, the Gate and the Observer are told the real end of a parked download, in the
// same order as that of any other. Then come the hooks of AfterAnswer.
func TestEndOfParkedDownloadIsTold(t *testing.T) {
	for name, file := range map[string]func([]byte) downloadview.File{"disk": nil, "object": asObject, "rest": asRest} {
		t.Run(name, func(t *testing.T) {
			log := new(parkLog)
			s := newParkSite(t, parkCase{
				size: mebi, file: file, tracer: log, gate: log, told: func() { log.add("observe") },
				outside: func(h http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						defer log.add("return")
						defer downloadview.AfterAnswer(r, func() { log.add("after") })
						h.ServeHTTP(w, r)
					})
				},
			})
			_, resp := s.get(t, "HTTP/1.1")
			s.awaitParked(t, 1)
			if before := log.seen(); before[len(before)-1] != "return" || slices.ContainsFunc(before, func(l string) bool {
				return strings.HasPrefix(l, "end send") || strings.HasPrefix(l, "end answer")
			}) {
				t.Errorf("before the end: %q", before)
			}
			io.Copy(io.Discard, resp.Body)
			s.outcome(t)
			if err := s.parking.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := log.seen()
			want := []string{"return", "end send <nil>", fmt.Sprintf("leave %d", mebi), "observe", "end answer <nil>", "after"}
			if got := all[max(len(all)-len(want), 0):]; !slices.Equal(got, want) {
				t.Errorf("%q, want it to end with %q", all, want)
			}
		})
	}
}

// What panics after the handler has returned doesn't end the program. The client sees that
// its download isn't complete, or lost nothing.
func TestPanicsOfParkedDownloads(t *testing.T) {
	panics := func() { panic("told") }
	for name, k := range map[string]parkCase{
		"the observer": {told: panics},
		"a hook of AfterAnswer": {outside: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer downloadview.AfterAnswer(r, panics)
				h.ServeHTTP(w, r)
			})
		}},
		"the file": {file: func(b []byte) downloadview.File {
			return parkObject{content: b, fails: int64(len(b) - 1000), panics: true}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k.size = mebi
			s := newParkSite(t, k)
			_, resp := s.get(t, "HTTP/1.1")
			s.awaitParked(t, 1)
			n, err := io.Copy(io.Discard, resp.Body)
			if k.file != nil {
				if err == nil {
					t.Errorf("the client takes %d bytes for the whole file", n)
				}
				if o := s.outcome(t); o.AbortedBy != downloadview.AbortedByOrigin {
					t.Errorf("outcome %+v, want it aborted by the origin", o)
				}
			}
			if err := s.parking.Shutdown(t.Context()); err != nil || s.parking.Open() != 0 {
				t.Errorf("%d are parked, %v", s.parking.Open(), err)
			}
		})
	}
}

// A panickingLog panics after it has noted a line that begins with at.
type panickingLog struct {
	*parkLog
	at string
}

func (l panickingLog) Start(ctx context.Context, s downloadview.Stage) (context.Context, func(error)) {
	ctx, end := l.parkLog.Start(ctx, s)
	return ctx, func(err error) {
		end(err)
		if l.at == "end "+s.String() {
			panic("of the tracer")
		}
	}
}

func (l panickingLog) Enter(r *http.Request, d downloadview.Delivery) (func(downloadview.Outcome), error) {
	leave, err := l.parkLog.Enter(r, d)
	return func(o downloadview.Outcome) {
		leave(o)
		if l.at == "leave" {
			panic("of the gate")
		}
	}, err
}

// A panickingClose is a handle whose Close panics.
type panickingClose struct{ fs.File }

func (h panickingClose) Close() error { panic("of Close") }

type neverClosed struct{ downloadview.RangeFile }

func (f neverClosed) Open(ctx context.Context) (fs.File, error) {
	h, err := f.RangeFile.Open(ctx)
	return panickingClose{h}, err
}

// Each of those who are told of the end of a parked download is told, whatever the others
// do.
func TestEachIsToldOfTheEndOfAParkedDownload(t *testing.T) {
	for name, at := range map[string]string{"the tracer": "end send", "the gate": "leave", "the file": ""} {
		t.Run(name, func(t *testing.T) {
			log := panickingLog{new(parkLog), at}
			s := newParkSite(t, parkCase{
				size: mebi, tracer: log, gate: log, told: func() { log.add("observe") },
				file: func(b []byte) downloadview.File {
					if at != "" {
						return asObject(b)
					}
					return neverClosed{parkObject{content: b}}
				},
			})
			_, resp := s.get(t, "HTTP/1.1")
			s.awaitParked(t, 1)
			io.Copy(io.Discard, resp.Body)
			if err := s.parking.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := log.seen()
			want := []string{"end send <nil>", fmt.Sprintf("leave %d", mebi), "observe", "end answer <nil>"}
			if got := all[max(len(all)-len(want), 0):]; !slices.Equal(got, want) {
				t.Errorf("%q, want it to end with %q", all, want)
			}
		})
	}
}

// chunkingFrom is chunking with a writer that passes on what it reads.
func chunkingFrom(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(&chunkedFrom{chunked{w}}, r) })
}

type chunkedFrom struct{ chunked }

func (w *chunkedFrom) ReadFrom(r io.Reader) (int64, error) {
	return w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
}
