package downloadview_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A stageLog is a Tracer that writes stages as "answer(respond open send)", with a "!"
// after one that failed.
type stageLog struct{ strings.Builder }

type stageKey struct{}

func (l *stageLog) Start(ctx context.Context, s downloadview.Stage) (context.Context, func(error)) {
	if l.Len() > 0 && !strings.HasSuffix(l.String(), "(") {
		l.WriteString(" ")
	}
	name := strings.ReplaceAll(s.String(), " ", "-")
	l.WriteString(name + "(")
	return context.WithValue(ctx, stageKey{}, name), func(err error) {
		if err != nil {
			l.WriteString("!")
		}
		l.WriteString(")")
	}
}

func (l *stageLog) stages() string { return strings.ReplaceAll(l.String(), "()", "") }

func TestTracer(t *testing.T) {
	dir := t.TempDir()
	local, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if err := downloadview.Save(t.Context(), local, "a.txt", strings.NewReader("abcdefghij")); err != nil {
		t.Fatal(err)
	}
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	for _, tt := range []struct {
		name, request, key string
		change             func(*downloadview.Response) error
		want               string
	}{
		{"whole", "GET", "a.txt", nil, "answer(respond open send)"},
		{"HEAD", "HEAD", "a.txt", nil, "answer(respond open send)"},
		{"two ranges", "GET bytes=0-0,2-2", "a.txt", nil, "answer(respond open send)"},
		{"missing", "GET", "b.txt", nil, "answer(respond open(!)!)"},
		{"refused", "GET", "a.txt", func(*downloadview.Response) error { return refused }, "answer(respond(!)!)"},
		{"wrong method", "POST", "a.txt", nil, "answer(!)"},
		{"handed over", "GET", "a.txt", func(r *downloadview.Response) error {
			r.Offloader, r.CheckFirst = nginx, true
			return nil
		}, "answer(respond look hand-over)"},
		{"refused by a gate", "GET", "a.txt", func(r *downloadview.Response) error {
			r.Offloader, r.Gate = nginx, closed{}
			return nil
		}, "answer(respond look hand-over(!)!)"},
		{"not modified", "GET *", "a.txt", nil, "answer(respond open)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
				if got := r.Context().Value(stageKey{}); got != "respond" {
					t.Errorf("the view runs in the context of %v", got)
				}
				f, err := local.File(tt.key)
				resp := downloadview.Response{File: f}
				if err == nil && tt.change != nil {
					err = tt.change(&resp)
				}
				return resp, err
			})
			l := new(stageLog)
			var seen bool
			h := downloadview.NewHandler(view, &downloadview.Options{Tracer: l, Observer: func(r *http.Request, o downloadview.Outcome) {
				seen = true
				if got := r.Context().Value(stageKey{}); got != "answer" {
					t.Errorf("the Observer gets the context of %v", got)
				}
				if strings.HasSuffix(l.String(), "))") {
					t.Errorf("the Observer is called after the end: %s", l)
				}
			}})
			method, field, _ := strings.Cut(tt.request, " ")
			r := httptest.NewRequest(method, "/", nil)
			switch {
			case field == "*":
				r.Header.Set("If-None-Match", "*")
			case field != "":
				r.Header.Set("Range", field)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got := l.stages(); got != tt.want || !seen {
				t.Errorf("got %s, want %s; observed: %t", got, tt.want, seen)
			}
		})
	}
}

type closed struct{}

func (closed) Enter(*http.Request, downloadview.Delivery) (func(downloadview.Outcome), error) {
	return nil, &downloadview.StatusError{Status: http.StatusForbidden, Err: errors.New("closed")}
}

// A file is opened in the context of the stage, and each part of an answer is a stage.
func TestTracerPassesContexts(t *testing.T) {
	f := &watched{data: []byte("abcdefghij")}
	l := new(stageLog)
	h := downloadview.UseOptions(&downloadview.Options{Tracer: l})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloadview.SendFile(w, r, f)
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Range", "bytes=0-0,5-5")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if want := []string{"look", "open", "open"}; w.Code != http.StatusPartialContent || !slices.Equal(f.contexts, want) {
		t.Errorf("%d; contexts of %q, want %q", w.Code, f.contexts, want)
	}
	if got, want := l.stages(), "answer(look open send(open))"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A watched file notes the stage of each context that it gets. It has ranges.
type watched struct {
	data     []byte
	contexts []string
}

func (f *watched) Name() string { return "a.txt" }

func (f *watched) note(ctx context.Context) downloadview.File {
	f.contexts = append(f.contexts, fmt.Sprint(ctx.Value(stageKey{})))
	return downloadview.FromBytes("a.txt", f.data, &downloadview.Attributes{ETag: `"v1"`})
}

func (f *watched) Open(ctx context.Context) (fs.File, error) { return f.note(ctx).Open(ctx) }

func (f *watched) Stat(ctx context.Context) (fs.FileInfo, error) {
	return downloadview.Stat(ctx, f.note(ctx))
}

func (f *watched) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h, err := f.note(ctx).Open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := h.(io.Seeker).Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return unseekable{h}, nil
}

type unseekable struct{ fs.File }

// Answering ends with an error if the view panics, and Responding does not.
func TestTracerOfPanic(t *testing.T) {
	for _, what := range []any{"broken", http.ErrAbortHandler} {
		l := new(stageLog)
		h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { panic(what) }),
			&downloadview.Options{Tracer: l})
		func() {
			defer func() {
				if got := recover(); got != what {
					t.Errorf("recovered %v, want %v", got, what)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
		if got, want := l.String(), "answer(respond(!)"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A Tracer can measure how long the stages take.
func ExampleTracer() {
	files := iofs.New(fstest.MapFS{"report.pdf": {Data: []byte("%PDF-1.7 …")}}, nil)
	h := downloadview.NewHandler(downloadview.StorageView{Storage: files, Key: downloadview.PathKey("/")}, &downloadview.Options{Tracer: printer{}})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/report.pdf", nil))
	// Output:
	// answer begins
	// respond begins
	// respond is over
	// open begins
	// open is over
	// send begins
	// send is over
	// answer is over
}

type printer struct{}

func (printer) Start(ctx context.Context, s downloadview.Stage) (context.Context, func(error)) {
	fmt.Println(s, "begins")
	return ctx, func(error) { fmt.Println(s, "is over") }
}
