package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// A trial is a random request for a file of a storage that may misbehave, below
// middleware that sets random fields and deadlines.
type trial struct {
	*rand.Rand
	content string
	method  string
	request http.Header

	attributes Attributes
	resp       Response
	statFails  error
	openFails  error
	rangeFails error
	readFails  error // after failsAt bytes
	failsAt    int
	kind       string // the optional interfaces of the file
	replaced   bool   // every Open returns a new version
	open       atomic.Int32

	outside  http.Header
	deadline time.Duration
	wrap     string
}

func (t *trial) one(of ...string) string { return of[t.IntN(len(of))] }

// seldom returns true in one of n cases.
func (t *trial) seldom(n int) bool { return t.IntN(n) == 0 }

// mostly returns usual or, in one of n cases, one of others.
func (t *trial) mostly(usual string, n int, others ...string) string {
	if t.seldom(n) {
		return t.one(others...)
	}
	return usual
}

func (t *trial) err() error {
	return []error{
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, ErrUpstream, ErrRange, ErrChanged, errors.ErrUnsupported, io.EOF,
		context.DeadlineExceeded, &StatusError{Status: 410}, &StatusError{Status: 200}, errors.New("secret-host refused"),
	}[t.IntN(12)]
}

func newTrial(seed uint64) *trial {
	t := &trial{Rand: rand.New(rand.NewPCG(seed, 2))}
	n := t.IntN(1 << (1 + t.IntN(17)))
	t.content = strings.Repeat("0123456789abcdef", n/16+1)[:n]
	t.method = t.mostly("GET", 5, "HEAD", "HEAD", "POST", "DELETE")
	t.request = make(http.Header)
	tag := t.one(`"v"`, `"w"`, `W/"v"`, `*`, `"v", "x"`, `garbage`, ``)
	date := t.one("Tue, 03 Feb 2026 04:05:06 GMT", "Mon, 02 Feb 2026 04:05:06 GMT", "Wed, 04 Feb 2026 04:05:06 GMT", "yesterday")
	for _, field := range []string{"If-Match", "If-None-Match", "If-Range"} {
		if t.seldom(5) {
			t.request.Set(field, t.one(tag, date))
		}
	}
	for _, field := range []string{"If-Modified-Since", "If-Unmodified-Since"} {
		if t.seldom(6) {
			t.request.Set(field, date)
		}
	}
	if t.seldom(2) {
		from, to := t.IntN(n+2), t.IntN(n+2)
		t.request.Set("Range", t.mostly(t.one(
			fmt.Sprintf("bytes=%d-%d", min(from, to), max(from, to)), fmt.Sprintf("bytes=%d-", from), fmt.Sprintf("bytes=-%d", to),
			fmt.Sprintf("bytes=%d-%d,%d-", min(from, to), max(from, to)/2, max(from, to)), fmt.Sprintf("bytes=0-0,%d-%[1]d,-1", n/2),
		), 8, "items=0-1", "bytes=1", "bytes=", fmt.Sprintf("bytes = %d-%d", to, from)))
	}
	if t.seldom(4) {
		t.request.Set("Accept-Encoding", "gzip")
	}
	t.drawFile()
	t.drawResponse()
	t.outside = make(http.Header)
	for _, field := range []string{"Vary: Origin", "Set-Cookie: a=1", "Cache-Control: no-store", "Content-Security-Policy: default-src 'self'", "Etag: \"outer\"", "Content-Length: 3", "X-Outer: 1"} {
		if t.seldom(6) {
			key, value, _ := strings.Cut(field, ": ")
			t.outside.Add(key, value)
		}
	}
	if t.seldom(6) {
		t.deadline = time.Duration(1+t.IntN(1000)) * time.Millisecond
	}
	t.wrap = t.one("", "", "swallow", "compress", "conceal")
	return t
}

func (t *trial) drawFile() {
	t.kind = t.mostly(t.one("plain", "stat", "range", "range", "seek", "write"), 20, "nil handle", "typed nil handle", "nil info")
	a := &t.attributes
	a.Size = int64(len(t.content))
	if t.seldom(6) {
		a.Size = []int64{-1, -7, 0, a.Size + 3, max(a.Size-3, 0)}[t.IntN(5)]
	}
	a.ETag = t.mostly(`"v"`, 4, ``, `W/"v"`, "\"v\"\r\nX-Evil: 1", `v`)
	a.ModTime = []time.Time{{}, time.Unix(1, 0), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), changed, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}[t.IntN(5)]
	a.ContentType = t.one("", "text/plain", "image/png", "image/png, text/html", "text/html", "a\r\nX-Evil: 1", "application/javascript")
	a.ContentLanguage = t.one("", "", "de", "de\r\nX-Evil: 1")
	a.Disposition = t.one("", `inline; filename="stored.txt"`, "attachment; filename=\"a\r\nX-Evil: 1\"")
	a.CacheControl = t.one("", "public, max-age=60", "public\r\nX-Evil: 1")
	a.ReprDigest = t.one("", "sha-256=:AA==:")
	if t.seldom(25) {
		t.statFails = t.err()
	}
	if t.seldom(25) {
		t.openFails = t.err()
	}
	if t.seldom(10) {
		t.rangeFails = t.err()
	}
	if t.seldom(10) {
		t.readFails, t.failsAt = t.err(), t.IntN(len(t.content)+1)
	}
	t.replaced = t.seldom(15)
}

func (t *trial) drawResponse() {
	r := &t.resp
	r.File = trialFile{t}
	switch t.kind {
	case "stat":
		r.File = trialStatFile{trialFile{t}}
	case "range", "nil info":
		r.File = trialRangeFile{trialStatFile{trialFile{t}}}
	}
	r.Name = t.one("", "report.pdf", "ä\r\nX-Evil: 1.txt", "../../etc/passwd", "a\"b\\c.html", strings.Repeat("n", 300))
	r.Disposition = Disposition(t.IntN(3))
	r.ContentType = t.mostly(t.one("", "", "text/html", "image/svg+xml"), 20, "text/plain;charset=utf-8,text/html", "bad\r\nX-Evil: 1")
	r.ETag = t.mostly(t.one("", "", `"view"`, `"v"`), 20, `W/"view"`)
	if t.seldom(5) {
		r.ModTime = changed
	}
	r.CacheControl = t.mostly(t.one("", "public, max-age=60", "no-store"), 20, "x\r\nX-Evil: 1")
	r.StoredFields = StoredFields(t.IntN(8))
	if t.seldom(6) {
		r.LimitRate = 1 + t.Int64N(1<<16)
	}
	r.CheckFirst = t.seldom(2)
	if t.seldom(3) {
		r.Header = http.Header{"Vary": {"Cookie", "Accept"}, "x-view": {"1"}, "Link": {"</a>; rel=next"}}
		if t.seldom(2) {
			r.Header["content-encoding"] = []string{"br"}
		}
		if t.seldom(2) {
			r.Header["Content-Length"] = []string{"1"}
		}
	}
	if t.seldom(4) {
		r.Offloader = trialOffloader{t}
	}
}

type trialOffloader struct{ t *trial }

func (o trialOffloader) Offload(*http.Request, Source) (Handover, bool) {
	h := Handover{Rule: "media", Field: "X-Accel-Redirect", Value: "/_media/a.txt", Terms: &Terms{
		Validators: Validators(o.t.IntN(3)), Tag: TagStyle(o.t.IntN(3)), Unfit: RequestKinds(o.t.IntN(8)), KeepsSafety: o.t.seldom(2),
	}}
	return h, !o.t.seldom(5)
}

type trialFile struct{ t *trial }

func (f trialFile) Name() string           { return "folder/a.txt" }
func (f trialFile) Source() (Source, bool) { return Source{"file", "", "/srv/a.txt"}, true }

func (f trialFile) Open(ctx context.Context) (fs.File, error) {
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case f.t.openFails != nil:
		return nil, f.t.openFails
	case f.t.kind == "nil handle":
		return nil, nil
	case f.t.kind == "typed nil handle":
		return (*trialHandle)(nil), nil
	}
	return f.t.handle(ctx, 0, len(f.t.content)), nil
}

type trialStatFile struct{ trialFile }

func (f trialStatFile) Stat(context.Context) (fs.FileInfo, error) {
	if f.t.kind == "nil info" {
		return nil, f.t.statFails
	}
	return f.t.info(), f.t.statFails
}

type trialRangeFile struct{ trialStatFile }

func (f trialRangeFile) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	size := int64(len(f.t.content))
	if offset < 0 && f.t.attributes.Size >= 0 {
		size = f.t.attributes.Size // a suffix ends where the file says that it ends
	}
	switch {
	case f.t.rangeFails != nil:
		return nil, f.t.rangeFails
	case offset < 0:
		offset, length = max(size+offset, 0), -1
	}
	if offset >= size {
		return nil, ErrRange
	}
	if length < 0 || length > size-offset {
		length = size - offset
	}
	return f.t.handle(ctx, int(offset), int(offset+length)), nil
}

func (t *trial) info() fs.FileInfo {
	a := t.attributes
	if t.replaced {
		a.ETag = fmt.Sprintf(`"v%d"`, t.Uint32())
	}
	return a.FileInfo("a.txt")
}

func (t *trial) handle(ctx context.Context, from, to int) fs.File {
	t.open.Add(1)
	h := &trialHandle{t: t, ctx: ctx, at: from, end: to, info: t.info()}
	switch t.kind {
	case "seek":
		return &trialSeeker{h}
	case "write":
		return &trialWriter{h}
	}
	return h
}

type trialHandle struct {
	t       *trial
	ctx     context.Context
	at, end int
	info    fs.FileInfo
	closed  bool
}

func (h *trialHandle) Stat() (fs.FileInfo, error) {
	if h.t.kind == "nil info" {
		return nil, nil
	}
	return h.info, nil
}

func (h *trialHandle) Close() error {
	if h.closed {
		panic("closed twice")
	}
	h.closed = true
	h.t.open.Add(-1)
	return nil
}

func (h *trialHandle) Read(p []byte) (int, error) {
	if h.ctx.Err() != nil {
		return 0, h.ctx.Err()
	}
	end := h.end
	if h.t.readFails != nil && h.t.failsAt < end {
		if end = h.t.failsAt; h.at >= end {
			return 0, h.t.readFails
		}
	}
	if h.at >= end {
		return 0, io.EOF
	}
	n := copy(p, h.t.content[h.at:min(end, h.at+5000)])
	h.at += n
	return n, nil
}

type trialSeeker struct{ *trialHandle }

func (h *trialSeeker) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	h.at = int(offset)
	return offset, nil
}

type trialWriter struct{ *trialHandle }

func (h *trialWriter) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{h.trialHandle})
}

// For every request, storage and middleware the status is correct, the body is complete
// or the client sees that it isn't, and the header has no field that it must not have.
// Nothing panics, and no handle or goroutine is left.
func TestHandlerTrials(t *testing.T) {
	for seed := range uint64(600) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newTrial(seed).run(t) })
		})
	}
}

// FuzzHandler is TestHandlerTrials for any seed.
func FuzzHandler(f *testing.F) {
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) {
		synctest.Test(t, func(t *testing.T) { newTrial(seed).run(t) })
	})
}

func (t *trial) run(test *testing.T) {
	var failed bytes.Buffer
	var outcomes []Outcome
	h := NewHandler(ViewFunc(func(*http.Request) (Response, error) { return t.resp, nil }), &Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o Outcome) { outcomes = append(outcomes, o) },
	})
	switch t.wrap {
	case "swallow":
		h = swallow(h)
	case "compress":
		h = swallow(middleware.Compress(5, "text/plain", "text/html")(h))
	case "conceal":
		h = swallow(concealed(h))
	}
	inner := h
	h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for key, values := range t.outside {
			w.Header()[key] = slices.Clone(values)
		}
		if t.deadline > 0 {
			ctx, cancel := context.WithTimeout(r.Context(), t.deadline)
			defer cancel()
			r = r.WithContext(ctx)
		}
		inner.ServeHTTP(w, r)
	})
	l := newPipes()
	s := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.NewTextHandler(&failed, nil), 0)}
	go s.Serve(l)
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return l.dial() },
		DisableCompression: true, DisableKeepAlives: true,
	}
	r, err := http.NewRequestWithContext(test.Context(), t.method, "http://server/", nil)
	if err != nil {
		test.Fatal(err)
	}
	r.Header = t.request
	resp, err := transport.RoundTrip(r)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	s.Close()
	synctest.Wait()
	fail := func(format string, args ...any) {
		test.Helper()
		test.Errorf(format+"\n%s %v\nfile %s %+v, fails %v %v %v %v at %d, replaced %v\n%+v\noutside %v, deadline %v, %q\noutcome %+v", append(args,
			t.method, t.request, t.kind, t.attributes, t.statFails, t.openFails, t.rangeFails, t.readFails, t.failsAt, t.replaced,
			t.resp, t.outside, t.deadline, t.wrap, outcomes)...)
	}
	if strings.Contains(failed.String(), "panic") {
		fail("panic: %s", &failed)
	}
	if n := t.open.Load(); n != 0 {
		fail("%d handles left open", n)
	}
	if len(outcomes) != 1 {
		fail("%d outcomes", len(outcomes))
	}
	if resp == nil {
		return // visibly cut before anything came
	}
	t.checkFields(resp, fail)
	if err == nil {
		t.checkBody(resp, body, fail)
	}
}

func (t *trial) checkFields(resp *http.Response, fail func(string, ...any)) {
	allowed := []int{200, 206, 304, 403, 404, 405, 410, 412, 416, 500, 502, 503, 504}
	if !slices.Contains(allowed, resp.StatusCode) {
		fail("status %d", resp.StatusCode)
	}
	for key, values := range resp.Header {
		if strings.Contains(key, "Evil") || strings.Contains(strings.Join(values, " "), "secret-host") {
			fail("field %s: %q", key, values)
		}
	}
	if len(t.outside["Set-Cookie"]) > 0 && (len(resp.Header["Set-Cookie"]) != 1 || strings.Contains(resp.Header.Get("Cache-Control"), "public")) {
		fail("Set-Cookie %q with Cache-Control %q", resp.Header["Set-Cookie"], resp.Header["Cache-Control"])
	}
	if len(t.outside["Cache-Control"]) > 0 && !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
		fail("Cache-Control %q, and no-store stands outside", resp.Header["Cache-Control"])
	}
	if resp.StatusCode != 200 && resp.StatusCode != 206 {
		return
	}
	if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		fail("no nosniff")
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil || kind != "inline" && kind != "attachment" {
		fail("Content-Disposition %q: %v", resp.Header["Content-Disposition"], err)
	}
	sandboxed := strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox")
	shown := resp.Header.Get("Content-Type")
	if strings.HasPrefix(shown, "multipart/byteranges") {
		return
	}
	if kind == "inline" && !sandboxed && !isHarmless(shown) {
		fail("%q is shown without a sandbox", shown)
	}
}

func (t *trial) checkBody(resp *http.Response, body []byte, fail func(string, ...any)) {
	switch {
	case resp.Request.Method == "HEAD" || resp.StatusCode == 304 || resp.Header.Get("X-Accel-Redirect") != "":
		if len(body) != 0 {
			fail("%d bytes in an answer without a body", len(body))
		}
		return
	case resp.StatusCode >= 400:
		if strings.Contains(string(body), t.content) && len(t.content) > 30 {
			fail("content in an error")
		}
		return
	}
	got := string(unpacked(resp, body))
	want := t.content
	if size := t.attributes.Size; size >= 0 && size < int64(len(want)) {
		want = want[:size]
	}
	if resp.StatusCode == 200 {
		if got != want {
			fail("200 with %d bytes, want %d", len(got), len(want))
		}
		return
	}
	part := func(field, bytes string) {
		var from, to, size int
		if n, err := fmt.Sscanf(field, "bytes %d-%d/%d", &from, &to, &size); n != 3 || err != nil {
			fail("Content-Range %q", field)
			return
		}
		if to >= len(t.content) || from > to || bytes != t.content[from:to+1] {
			fail("%s is other bytes than those of the file (%d)", field, len(bytes))
		}
	}
	if media, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media == "multipart/byteranges" {
		parts := multipart.NewReader(strings.NewReader(got), params["boundary"])
		for {
			p, err := parts.NextPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				fail("multipart: %v", err)
				return
			}
			b, err := io.ReadAll(p)
			if err != nil {
				fail("multipart: %v", err)
			}
			part(p.Header.Get("Content-Range"), string(b))
		}
	}
	part(resp.Header.Get("Content-Range"), got)
}
