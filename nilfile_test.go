package downloadview

import (
	"bytes"
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

// A faulty file may return a nil value together with a nil error.
type faulty struct {
	handle fs.File
	part   fs.File
	info   fs.FileInfo
}

func (*faulty) Name() string { return "a" }

func (f *faulty) Open(context.Context) (fs.File, error) { return f.handle, nil }

func (f *faulty) OpenRange(context.Context, int64, int64) (fs.File, error) { return f.part, nil }

func (f *faulty) Stat(context.Context) (fs.FileInfo, error) { return f.info, nil }

func (f *faulty) Source() (Source, bool) { return Source{"file", "", "/a"}, true }

func (f *faulty) Pin(string) File { return f }

var (
	_ RangeFile = (*faulty)(nil)
	_ StatFile  = (*faulty)(nil)
)

// uninformed is a handle whose Stat returns info.
type uninformed struct {
	fs.File
	info fs.FileInfo
}

func (h *uninformed) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *uninformed) Close() error { return nil }

// If a storage returns a nil value and a nil error, the answer is 500 with a line in the
// log, and nothing panics.
func TestNothingAndNoError(t *testing.T) {
	good := Attributes{Size: 10, ETag: `"v1"`, ModTime: changed}.FileInfo("a")
	var noHandle *uninformed
	var noInfo *typedInfo
	var noFile *faulty
	var noFunc fileFunc
	files := map[string]File{
		"no handle":                   &faulty{info: good},
		"no handle, but a type":       &faulty{handle: noHandle, part: noHandle, info: good},
		"no metadata of the handle":   &faulty{handle: &uninformed{}, part: &uninformed{}, info: good},
		"no metadata, but a type":     &faulty{handle: &uninformed{info: noInfo}, part: &uninformed{info: noInfo}, info: good},
		"no metadata unopened":        &faulty{},
		"no metadata, typed":          &faulty{info: noInfo},
		"no file, but a type":         noFile,
		"no function":                 noFunc,
		"nothing in a wrapper":        renamed{noFile, "b"},
		"nothing in a record":         &remembered{noFile, Attributes{Size: 10, ETag: `"v1"`}},
		"a reader that isn't there":   FromOpener("a", func(context.Context) (io.Reader, error) { return nil, nil }, nil),
		"a nil buffer":                FromOpener("a", func(context.Context) (io.Reader, error) { return (*bytes.Buffer)(nil), nil }, nil),
		"opened to nothing, plain":    plainFile{&faulty{}},
		"opened to nothing, a record": &remembered{plainFile{&faulty{handle: noHandle}}, Attributes{}},
	}
	requests := [][]string{
		{"GET"},
		{"HEAD"},
		{"GET", "Range", "bytes=0-0"},
		{"GET", "Range", "bytes=0-0,5-5"},
		{"GET", "If-None-Match", `"x"`},
		{"GET", "If-Match", "*"},
		{"GET", "If-None-Match", "*"},
	}
	for name, f := range files {
		for _, resp := range []Response{{File: f}, {File: f, CheckFirst: true, Offloader: everything{likeNginx}}, {File: f, Offloader: everything{proxy{Handover{Field: "X-Sendfile", Terms: &Terms{Validators: OurValidators}}}}}} {
			for _, request := range requests {
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("%s, %q: panic: %v", name, request, p)
						}
					}()
					var logged bytes.Buffer
					w := httptest.NewRecorder()
					r := httptest.NewRequest(request[0], "/", nil)
					for i := 1; i < len(request); i += 2 {
						r.Header.Set(request[i], request[i+1])
					}
					NewHandler(fileResponse(resp), &Options{Logger: loggerTo(&logged)}).ServeHTTP(w, r)
					if strings.HasSuffix(name, "isn't there") || name == "a nil buffer" {
						if request[0] == "HEAD" || len(request) > 1 && request[2] == "*" || resp.Offloader != nil {
							return
						}
					}
					decided := strings.HasPrefix(name, "no handle") || strings.HasPrefix(name, "no metadata of") || name == "no metadata, but a type"
					if decided && (request[0] == "HEAD" || request[len(request)-1] == "*" || resp.CheckFirst || resp.Offloader != nil) {
						return // metadata are enough to answer, without a handle
					}
					if w.Code != 500 || !strings.Contains(logged.String(), "level=ERROR") {
						t.Errorf("%s, %q, %+v: %d, logged %q; want 500 and a line", name, request, resp.Offloader, w.Code, logged.String())
					}
				}()
			}
		}
	}
}

type typedInfo struct{ fs.FileInfo }

func (*typedInfo) ModTime() time.Time { return time.Time{} }

type fileFunc func() fs.File

func (f fileFunc) Name() string { return "f" }

func (f fileFunc) Open(context.Context) (fs.File, error) { return f(), nil }

// If a file returns a nil value and a nil error, the functions of the package return an
// error.
func TestNothingAndNoErrorOfFunctions(t *testing.T) {
	good := Attributes{Size: 10}.FileInfo("a")
	var noHandle *uninformed
	for name, f := range map[string]File{
		"nothing":         plainFile{&faulty{}},
		"nothing typed":   plainFile{&faulty{handle: noHandle}},
		"no metadata":     plainFile{&faulty{handle: &seekingNothing{}}},
		"nothing at all":  &faulty{},
		"nothing to open": &faulty{info: good},
	} {
		if _, err := Stat(t.Context(), f); (err == nil) != (name == "nothing to open") || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: Stat: %v", name, err)
		}
		if h, err := OpenRange(t.Context(), f, 0, 1); err == nil || StatusCode(err) != 500 || h != nil {
			t.Errorf("%s: OpenRange: %v, %v, want an error of the server", name, h, err)
		}
	}
}

// A nil Reader is an error of the server, and doesn't panic in the view.
func TestNilReaders(t *testing.T) {
	for _, r := range []io.Reader{nil, (*bytes.Buffer)(nil), (*bytes.Reader)(nil), (*strings.Reader)(nil), (*io.SectionReader)(nil)} {
		w := httptest.NewRecorder()
		view := ViewFunc(func(*http.Request) (Response, error) { return Response{File: FromReader("a", r, nil)}, nil })
		NewHandler(view, &Options{Logger: discard}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 500 {
			t.Errorf("a nil %T: %d, want 500", r, w.Code)
		}
	}
}

type seekingNothing struct{ uninformed }

func (*seekingNothing) Seek(int64, int) (int64, error) { return 0, nil }

// If a storage returns a nil value and a nil error for the second part of an answer, the
// download is aborted.
func TestNothingBetweenParts(t *testing.T) {
	for name, part := range map[string]fs.File{"no handle": nil, "no handle, but a type": (*uninformed)(nil), "no metadata": &uninformed{}} {
		o := &vanishing{object: newObject("0123456789"), part: part}
		seen := make(chan Outcome, 1)
		s := serve(t, NewHandler(fileView(o), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o }}))
		if got := ask(t, s.URL, "GET", "Range", "bytes=0-1,4-5"); got.err == nil || got.status != 206 {
			t.Errorf("%s: %d %q, %v; want a download that breaks off", name, got.status, got.body, got.err)
		}
		s.Close() // waits for the handler
		select {
		case o := <-seen:
			if o.AbortedBy != AbortedByOrigin || o.Err == nil || !strings.Contains(o.Err.Error(), "neither") {
				t.Errorf("%s: observed %+v", name, o)
			}
		default:
			t.Errorf("%s: the handler panicked", name)
		}
	}
}

// A vanishing object returns part from the second OpenRange on.
type vanishing struct {
	*object
	part   fs.File
	opened int
}

func (o *vanishing) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if o.opened++; o.opened > 1 {
		return o.part, nil
	}
	return o.object.OpenRange(ctx, offset, length)
}

// If Sign returns an empty URL and no error, the file is streamed, and that is logged.
func TestSignedForWithNothing(t *testing.T) {
	for _, status := range []int{0, 302} {
		l := linking{status: status}
		unsigned := offloaderFunc(func(r *http.Request, src Source) (Handover, bool) {
			h, ok := l.Offload(r, src)
			h.Link.Sign = func(context.Context, File, SignOptions) (string, time.Time, error) { return "", time.Time{}, nil }
			return h, ok
		})
		var logged bytes.Buffer
		w := httptest.NewRecorder()
		resp := Response{File: signedObject{newObject("0123456789"), nil}, Offloader: unsigned}
		NewHandler(fileResponse(resp), &Options{Logger: loggerTo(&logged)}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 200 || w.Body.String() != "0123456789" || !strings.Contains(logged.String(), "neither a URL nor an error") {
			t.Errorf("%d: %d %q, %v, logged %q", status, w.Code, w.Body, w.Header(), logged.String())
		}
	}
}

type offloaderFunc func(*http.Request, Source) (Handover, bool)

func (f offloaderFunc) Offload(r *http.Request, src Source) (Handover, bool) { return f(r, src) }

// If a view returns a nil file and a nil error, the answer is 500, and nothing panics.
func TestViewsOfNothing(t *testing.T) {
	var noFile *faulty
	for name, v := range map[string]View{
		"storage":           StorageView{Storage: storageOf{nil}, Key: func(*http.Request) (string, error) { return "a", nil }},
		"storage, typed":    StorageView{Storage: storageOf{noFile}, Key: func(*http.Request) (string, error) { return "a", nil }},
		"object, typed":     ObjectView[int]{Object: func(*http.Request) (int, error) { return 1, nil }, File: func(int) (File, error) { return noFile, nil }},
		"object, in a file": ObjectView[int]{Object: func(*http.Request) (int, error) { return 1, nil }, File: func(int) (File, error) { return renamed{noFile, "x"}, nil }, Attributes: func(int) Attributes { return Attributes{Size: 1, ETag: `"v"`} }},
	} {
		w := httptest.NewRecorder()
		NewHandler(v, &Options{Logger: discard}).ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
		if w.Code != 500 {
			t.Errorf("%s: %d, want 500", name, w.Code)
		}
	}
}

type storageOf struct{ f File }

func (s storageOf) File(string) (File, error) { return s.f, nil }

// A storage that returns neither a file nor an error has no file.
func TestExistsOfNothing(t *testing.T) {
	var none *faulty
	for name, f := range map[string]File{"nil": nil, "a nil pointer": none} {
		if found, err := Exists(t.Context(), nothingStorage{f}, "a"); found || err == nil || !strings.Contains(err.Error(), "neither a file nor an error") {
			t.Errorf("%s: %t, %v, want an error", name, found, err)
		}
	}
}

type nothingStorage struct{ file File }

func (s nothingStorage) File(string) (File, error) { return s.file, nil }
