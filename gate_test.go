package downloadview

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A turnstile is a Gate that records what it is asked.
type turnstile struct {
	err     error
	entered []Delivery
	left    []Outcome
}

func (g *turnstile) Enter(_ *http.Request, d Delivery) (func(Outcome), error) {
	g.entered = append(g.entered, d)
	if g.err != nil {
		return nil, g.err
	}
	return func(o Outcome) { g.left = append(g.left, o) }, nil
}

// A tallied file counts the handles that are open.
type tallied struct {
	File
	open *int
}

func (f tallied) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	if err == nil {
		*f.open++
	}
	return talliedHandle{h, f.open}, err
}

type talliedHandle struct {
	fs.File
	open *int
}

func (h talliedHandle) Seek(offset int64, whence int) (int64, error) {
	return h.File.(interface {
		Seek(int64, int) (int64, error)
	}).Seek(offset, whence)
}

func (h talliedHandle) Close() error {
	*h.open--
	return h.File.Close()
}

func redirecting(sign func(context.Context, File, SignOptions) (string, error)) proxy {
	return proxy{Handover{
		Rule: "bucket", Field: "Location", Value: "-", Terms: &Terms{KeepsSafety: true},
		Link: &Link{Status: http.StatusFound, Field: "Location", Expiry: 900e9, Sign: func(ctx context.Context, f File, o SignOptions) (string, time.Time, error) {
			u, err := sign(ctx, f, o)
			return u, time.Time{}, err
		}},
	}}
}

// The gate is asked once if bytes of the file follow, in each mode, and never
// otherwise.
func TestGateIsAskedIfBytesFollow(t *testing.T) {
	const digits = "0123456789"
	local := newLocalFile(t, "a.txt", digits)
	large := newLocalFile(t, "b.txt", strings.Repeat(digits, 1000))
	empty := newLocalFile(t, "c.txt", "")
	missing := localFile(string(local) + "x")
	nginxTag := NginxTag.tag(changed, 10, time.Now())
	judging := likeNginx
	judging.Terms = &Terms{Validators: OurValidators}
	redirect := redirecting(func(context.Context, File, SignOptions) (string, error) { return "https://bucket.test/a", nil })
	for _, tt := range []struct {
		name    string
		file    File
		proxy   *proxy
		method  string
		request []string
		status  int
		entered bool
		mode    Mode
		toEnd   bool
	}{
		{"small", local, nil, "GET", nil, 200, true, Streamed, true},
		{"large", large, nil, "GET", nil, 200, true, Streamed, true},
		{"empty", empty, nil, "GET", nil, 200, true, Streamed, true},
		{"by its own WriteTo", FromString("a", digits, nil), nil, "GET", nil, 200, true, Streamed, true},
		{"object", newObject(digits), nil, "GET", nil, 200, true, Streamed, true},
		{"posted", local, nil, "POST", nil, 200, true, Streamed, true},
		{"beginning", large, nil, "GET", []string{"Range", "bytes=0-9"}, 206, true, Streamed, false},
		{"rest", large, nil, "GET", []string{"Range", "bytes=10-"}, 206, true, Streamed, true},
		{"several ranges", large, nil, "GET", []string{"Range", "bytes=0-0,2-2"}, 206, true, Streamed, false},
		{"several ranges with the last byte", large, nil, "GET", []string{"Range", "bytes=0-0,-1"}, 206, true, Streamed, true},
		{"range of an object", newObject(digits), nil, "GET", []string{"Range", "bytes=2-4"}, 206, true, Streamed, false},
		{"HEAD", local, nil, "HEAD", nil, 200, false, 0, false},
		{"304", local, nil, "GET", []string{"If-None-Match", "*"}, 304, false, 0, false},
		{"412", local, nil, "GET", []string{"If-Match", `"x"`}, 412, false, 0, false},
		{"416", local, nil, "GET", []string{"Range", "bytes=10-"}, 416, false, 0, false},
		{"416 of an object", newObject(digits), nil, "GET", []string{"Range", "bytes=10-"}, 416, false, 0, false},
		{"404", missing, nil, "GET", nil, 404, false, 0, false},

		{"handed over", local, &likeNginx, "GET", nil, 200, true, Offloaded, true},
		{"handed over, a range", local, &likeNginx, "GET", []string{"Range", "bytes=0-1"}, 200, true, Offloaded, true},
		{"handed over, by our validators", local, &judging, "GET", nil, 200, true, Offloaded, true},
		{"handed over, HEAD", local, &likeNginx, "HEAD", nil, 200, false, 0, false},
		{"the proxy would answer 304", local, &likeNginx, "GET", []string{"If-None-Match", nginxTag}, 304, false, 0, false},
		{"the proxy would answer 412", local, &likeNginx, "GET", []string{"If-Match", `"x"`}, 412, false, 0, false},
		{"the proxy would answer 416", local, &likeNginx, "GET", []string{"Range", "bytes=10-"}, 416, false, 0, false},
		{"the proxy would answer 404", missing, &likeNginx, "GET", nil, 404, false, 0, false},
		{"redirected", local, &redirect, "GET", nil, 302, true, Redirected, true},
		{"redirected, 304", local, &redirect, "GET", []string{"If-None-Match", "*"}, 304, false, 0, false},
		{"redirected, HEAD", local, &redirect, "HEAD", nil, 200, false, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var g turnstile
			resp := Response{File: tt.file}.WithGate(&g)
			if tt.proxy != nil {
				resp.Offloader = *tt.proxy
			}
			var seen Outcome
			h := UseOptions(&Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }})(
				http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Send(w, r, resp) }))
			r := httptest.NewRequest(tt.method, "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d", w.Code, tt.status)
			}
			if !tt.entered {
				if len(g.entered) != 0 || len(g.left) != 0 {
					t.Fatalf("the gate was asked about %+v", g.entered)
				}
				return
			}
			if len(g.entered) != 1 || g.entered[0].Mode != tt.mode || g.entered[0].ToEnd != tt.toEnd {
				t.Fatalf("the gate was asked about %+v, want one with mode %v, to the end %v", g.entered, tt.mode, tt.toEnd)
			}
			seen.Duration = 0
			if len(g.left) != 1 || g.left[0] != seen {
				t.Errorf("left with %+v, want the outcome %+v", g.left, seen)
			}
		})
	}
}

// A refusal is answered as an error of the view: none of the file's fields and bytes,
// and nothing stays open.
func TestGateRefuses(t *testing.T) {
	large := newLocalFile(t, "b.txt", strings.Repeat("0123456789", 1000))
	redirect := redirecting(func(context.Context, File, SignOptions) (string, error) { return "https://bucket.test/a", nil })
	refusal := &StatusError{Status: 403, Err: errors.New("used up")}
	for _, tt := range []struct {
		name    string
		file    File
		proxy   *proxy
		request []string
	}{
		{"whole", large, nil, nil},
		{"small", newLocalFile(t, "a.txt", "0123456789"), nil, nil},
		{"range", large, nil, []string{"Range", "bytes=5000-"}},
		{"several ranges", large, nil, []string{"Range", "bytes=0-0,-1"}},
		{"by its own WriteTo", FromString("a", "0123456789", nil), nil, nil},
		{"handed over", large, &likeNginx, nil},
		{"redirected", large, &redirect, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			open := 0
			g := turnstile{err: refusal}
			resp := Response{File: tallied{tt.file, &open}}.WithGate(&g)
			if tt.proxy != nil {
				resp.File, resp.Offloader = tt.file, *tt.proxy
			}
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			var seen Outcome
			v := ViewFunc(func(*http.Request) (Response, error) { return resp, nil })
			NewHandler(v, &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}).ServeHTTP(w, r)
			if w.Code != 403 || w.Body.String() != "Forbidden\n" || len(g.entered) != 1 {
				t.Errorf("%d %q after %d questions, want 403 after one", w.Code, w.Body, len(g.entered))
			}
			for _, field := range []string{"Etag", "Content-Disposition", "Content-Range", "Location", "X-Accel-Redirect", "Last-Modified"} {
				if v := w.Header().Get(field); v != "" {
					t.Errorf("%s: %s", field, v)
				}
			}
			if open != 0 || len(g.left) != 0 || seen.Err != error(refusal) {
				t.Errorf("%d handles are open, left with %v, observed %v", open, g.left, seen.Err)
			}
		})
	}
}

// The gate learns how an answer ended that was cut short.
func TestGateLearnsOfAnAbort(t *testing.T) {
	var g turnstile
	broken := FromFunc("a", func(ctx context.Context, w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return errors.New("the source broke")
	}, nil)
	s := serve(t, NewHandler(ViewFunc(func(*http.Request) (Response, error) {
		return Response{File: broken}.WithGate(&g), nil
	}), &Options{Logger: discard}))
	if got := ask(t, s.URL, "GET"); got.err == nil {
		t.Fatalf("the client got %d with %d bytes and no error", got.status, len(got.body))
	}
	s.Close()
	if len(g.left) != 1 || g.left[0].AbortedBy != AbortedByOrigin || g.left[0].Bytes == 0 {
		t.Errorf("left with %+v, want one that the origin aborted", g.left)
	}
}

// The inner gate is asked first, and learns that the outer one refused.
func TestTwoGates(t *testing.T) {
	inner, outer := &turnstile{}, &turnstile{}
	resp := Response{File: FromString("a", "1", nil), ETag: `"mine"`, ModTime: changed}.WithGate(inner).WithGate(outer)
	Send(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), resp)
	if len(inner.left) != 1 || len(outer.left) != 1 || inner.left[0].Bytes != 1 || outer.left[0].Bytes != 1 {
		t.Fatalf("left with %v and %v, want 1 byte each", inner.left, outer.left)
	}
	if a := outer.entered[0].Attributes; a.ETag != `"mine"` || !a.ModTime.Equal(changed) {
		t.Errorf("attributes %+v, want the view's", a)
	}

	*inner, *outer = turnstile{}, turnstile{err: fs.ErrPermission}
	Send(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), resp)
	if len(inner.left) != 1 || !errors.Is(inner.left[0].Err, fs.ErrPermission) || inner.left[0].Status != 403 {
		t.Errorf("the inner gate was left with %+v, want 403", inner.left)
	}

	*inner, *outer = turnstile{err: fs.ErrPermission}, turnstile{}
	Send(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), resp)
	if len(outer.entered) != 0 || len(inner.left) != 0 {
		t.Errorf("the outer gate was asked %d times after the inner one refused", len(outer.entered))
	}
}

// A panickingGate panics in Enter, or in leave if enters is true.
type panickingGate struct{ enters bool }

func (g panickingGate) Enter(*http.Request, Delivery) (func(Outcome), error) {
	if !g.enters {
		panic("of the second gate")
	}
	return func(Outcome) { panic("of the second gate") }, nil
}

// The first of two gates learns that the answer is over when the second one panics.
func TestGateLearnsOfPanicsOfAnother(t *testing.T) {
	for name, second := range map[string]panickingGate{"in Enter": {false}, "in leave": {true}} {
		t.Run(name, func(t *testing.T) {
			first := new(turnstile)
			resp := Response{File: FromString("a", "1", nil)}.WithGate(first).WithGate(second)
			defer func() {
				if p := recover(); p != "of the second gate" {
					t.Errorf("panic %v, want that of the second gate", p)
				}
				if len(first.left) != 1 {
					t.Fatalf("the first gate was left %d times, want once", len(first.left))
				}
				if o := first.left[0]; !second.enters && (o.Err == nil || o.AbortedBy != AbortedByServer) {
					t.Errorf("the first gate was left with %+v, want an error of the server", o)
				}
			}()
			Send(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), resp)
		})
	}
}

// A panickingRenamer panics after the gate was asked.
type panickingRenamer struct{}

func (panickingRenamer) Rename(string) string { panic("of the application") }

// The gate learns that an answer is over which a panic of the application has ended.
func TestGateLearnsOfPanics(t *testing.T) {
	for name, f := range map[string]File{
		"small": newLocalFile(t, "a.txt", "0123456789"), "by its own WriteTo": FromString("b", "0123456789", nil),
	} {
		t.Run(name, func(t *testing.T) {
			g := new(turnstile)
			h := NewHandler(ViewFunc(func(*http.Request) (Response, error) {
				return Response{File: f, Gate: g, Renamer: panickingRenamer{}}, nil
			}), &Options{Logger: discard})
			defer func() {
				if p := recover(); p != "of the application" {
					t.Errorf("panic %v, want that of the application", p)
				}
				if len(g.entered) != 1 || len(g.left) != 1 || g.left[0].Err == nil || g.left[0].AbortedBy != AbortedByServer {
					t.Errorf("entered %d times, left with %+v; want once, aborted by the server", len(g.entered), g.left)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		})
	}
}
