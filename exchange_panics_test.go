package downloadview

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// panicsAt is a Tracer whose end of a stage panics.
type panicsAt Stage

func (p panicsAt) Start(ctx context.Context, s Stage) (context.Context, func(error)) {
	return ctx, func(error) {
		if s == Stage(p) {
			panic("of the tracer")
		}
	}
}

// A panicsAtClose file breaks off, and its handle panics when it is closed.
type panicsAtClose struct{ File }

func (f panicsAtClose) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return panickingClose{h}, err
}

type panickingClose struct{ fs.File }

func (panickingClose) Close() error { panic("of Close") }

// If those who are told of a broken download panic, it is broken off nevertheless: a
// recoverer would let the server end the body as if it were whole.
func TestABrokenDownloadIsNeverWholeAfterAPanic(t *testing.T) {
	for name, change := range map[string]func(*Response, *Options){
		"the observer": func(_ *Response, o *Options) {
			o.Observer = func(*http.Request, Outcome) { panic("of the observer") }
		},
		"the gate":                    func(r *Response, _ *Options) { r.Gate = panickingGate{enters: true} },
		"the tracer, of the sending":  func(_ *Response, o *Options) { o.Tracer = panicsAt(Sending) },
		"the tracer, of the answer":   func(_ *Response, o *Options) { o.Tracer = panicsAt(Answering) },
		"the file, when it is closed": func(r *Response, _ *Options) { r.File = panicsAtClose{r.File} },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, protocol string, wrap func(http.Handler) http.Handler) {
				resp, o := Response{File: broken(-1)}, &Options{Logger: discard}
				change(&resp, o)
				s := httptest.NewUnstartedServer(wrap(NewHandler(ViewFunc(func(*http.Request) (Response, error) { return resp, nil }), o)))
				startFor(s, protocol)
				defer s.Close()
				if err := protocols[protocol](t, s, ""); err == nil {
					t.Error("the client takes the download for whole")
				}
			})
		})
	}
}

// Each of those who are told of the end of a download is told, whatever the others do.
func TestEachIsToldOfTheEnd(t *testing.T) {
	var ended []error
	tracer := endOfAnswer(func(err error) { ended = append(ended, err) })
	local := newLocalFile(t, "a.txt", "0123456789")
	for name, f := range map[string]File{
		"whole": local, "broken": broken(-1), "whole, not closed": panicsAtClose{local}, "broken, not closed": panicsAtClose{broken(-1)},
	} {
		t.Run(name, func(t *testing.T) {
			ended = nil
			told := 0
			g := new(turnstile)
			resp := Response{File: f}.WithGate(g).WithGate(panickingGate{enters: true})
			h := NewHandler(ViewFunc(func(*http.Request) (Response, error) { return resp, nil }), &Options{
				Logger: discard, Tracer: tracer, Observer: func(*http.Request, Outcome) { told++; panic("of the observer") },
			})
			swallow(h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			if len(g.left) != 1 || told != 1 || len(ended) != 1 {
				t.Fatalf("the gate was told %d times, the observer %d times, the tracer %d times; want once each", len(g.left), told, len(ended))
			}
			if broken := strings.HasPrefix(name, "broken"); broken != (g.left[0].AbortedBy == AbortedByOrigin) || broken != (ended[0] != nil) {
				t.Errorf("the gate was told %+v, the tracer %v", g.left[0], ended[0])
			}
		})
	}
}

// endOfAnswer is a Tracer that is called at the end of an answer.
type endOfAnswer func(error)

func (f endOfAnswer) Start(ctx context.Context, s Stage) (context.Context, func(error)) {
	if s == Answering {
		return ctx, f
	}
	return ctx, func(error) {}
}

// A panickingReader has a size, and panics when it is read.
type panickingReader struct{ *strings.Reader }

func (panickingReader) Read([]byte) (int, error) { panic("of the file") }

// A panic of a file that is read for a digest is answered as any other one before the header.
func TestPanicOfAFileThatIsDigested(t *testing.T) {
	told := 0
	f := FromOpener("a", func(context.Context) (io.Reader, error) {
		return struct{ io.ReadSeeker }{panickingReader{strings.NewReader(strings.Repeat("0123456789", 1000))}}, nil
	}, nil)
	h := NewHandler(ViewFunc(func(*http.Request) (Response, error) { return Response{File: f, StoredFields: StoredDigest}, nil }), &Options{
		Logger: discard, Observer: func(*http.Request, Outcome) { told++ },
	})
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Want-Content-Digest", "sha-256=1")
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || told != 1 {
		t.Errorf("%d, and the observer was told %d times; want 500, and once", w.Code, told)
	}
}
