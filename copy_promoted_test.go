package downloadview

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
)

// upper is a file whose handles change the bytes as wrap does.
type upper struct {
	path string
	wrap func(*os.File) fs.File
}

func (upper) Name() string { return "a.txt" }

func (f upper) Open(context.Context) (fs.File, error) {
	h, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return f.wrap(h), nil
}

func readUpper(r io.Reader, p []byte) (int, error) {
	n, err := r.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

type upperHandle struct{ *os.File }

func (h upperHandle) Read(p []byte) (int, error) { return readUpper(h.File, p) }

type upperPointer struct {
	*os.File
	_ int
}

func (h *upperPointer) Read(p []byte) (int, error) { return readUpper(h.File, p) }

// A quietHandle changes nothing of what it embeds.
type quietHandle struct{ upperHandle }

type quietPointer struct {
	name string
	upperPointer
}

type closedHandle struct{ *os.File }

func (h closedHandle) Close() error { return h.File.Close() }

type closedPointer struct {
	closedHandle
	name string
}

func (h *closedPointer) Close() error { return h.closedHandle.Close() }

// A chained handle is of a type that embeds itself.
type chainedHandle struct {
	*chainedHandle
	*os.File
}

type upperReader struct {
	*strings.Reader
	fs.File
}

func (h upperReader) Read(p []byte) (int, error) { return readUpper(h.Reader, p) }

// The bytes of a handle are those of its Read, also if it embeds a handle that the kernel
// could send, or that can write itself: these don't know what Read changes.
func TestHandlesThatEmbedAFile(t *testing.T) {
	for _, size := range []int{100, 100_000} {
		content := strings.Repeat("abcdefghij", size/10)
		path := t.TempDir() + "/a.txt"
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			wrap    func(*os.File) fs.File
			kernel  bool
			changes bool
		}{
			{func(f *os.File) fs.File { return upperHandle{f} }, false, true},
			{func(f *os.File) fs.File { return &upperHandle{f} }, false, true},
			{func(f *os.File) fs.File { return &upperPointer{File: f} }, false, true},
			{func(f *os.File) fs.File { return quietHandle{upperHandle{f}} }, false, true},
			{func(f *os.File) fs.File { return &quietHandle{upperHandle{f}} }, false, true},
			{func(f *os.File) fs.File { return &quietPointer{"", upperPointer{File: f}} }, false, true},
			{func(f *os.File) fs.File { return upperReader{strings.NewReader(content), f} }, false, true},
			{func(f *os.File) fs.File { return f }, true, false},
			{func(f *os.File) fs.File { return closedHandle{f} }, true, false},
			{func(f *os.File) fs.File { return &closedHandle{f} }, true, false},
			{func(f *os.File) fs.File { return &closedPointer{closedHandle{f}, ""} }, true, false},
			{func(f *os.File) fs.File { return chainedHandle{nil, f} }, true, false},
		} {
			h, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			wrapped := tt.wrap(h)
			if got := isKernelFile(wrapped); got != tt.kernel {
				t.Errorf("%v is sent by the kernel: %t, want %t", reflect.TypeOf(wrapped), got, tt.kernel)
			}
			wrapped.Close()
			want := content
			if tt.changes {
				want = strings.ToUpper(content)
			}
			s := serve(t, NewHandler(fileView(upper{path, tt.wrap}), nil))
			for field, part := range map[string]string{"bytes=0-": want, "bytes=10-": want[10:], "bytes=0-49": want[:50]} {
				if got := ask(t, s.URL, "GET", "Range", field); got.body != part || got.err != nil {
					t.Errorf("%v, %d bytes, %s: %d bytes, begin %.10q, %v; want %.10q", reflect.TypeOf(wrapped), size, field, len(got.body), got.body, got.err, part)
				}
			}
			if got := ask(t, s.URL, "GET"); got.body != want || got.err != nil {
				t.Errorf("%v, %d bytes: %d bytes, begin %.10q, %v; want %.10q", reflect.TypeOf(wrapped), size, len(got.body), got.body, got.err, want)
			}
			s.Close()
		}
	}
}

// The kinds of handles of this package are found out as they are meant.
func TestPromotionsOfOwnHandles(t *testing.T) {
	for _, h := range []io.Reader{&bytesHandle{}, &stringHandle{}, &production{}} {
		if _, ok := h.(io.WriterTo); ok && !promotionOf(h).writesTo {
			t.Errorf("%T doesn't write itself", h)
		}
	}
}

// A stringWriter is an interface such as gin.ResponseWriter.
type stringWriter interface {
	http.ResponseWriter
	WriteString(s string) (int, error)
}

type upperWriter struct{ stringWriter }

func (w upperWriter) Write(p []byte) (int, error) { return w.stringWriter.Write(bytes.ToUpper(p)) }

type upperEverywhere struct{ stringWriter }

func (w upperEverywhere) Write(p []byte) (int, error) { return w.stringWriter.Write(bytes.ToUpper(p)) }

func (w upperEverywhere) WriteString(s string) (int, error) {
	return w.stringWriter.WriteString(strings.ToUpper(s))
}

// A wrapper of the ResponseWriter that has a Write of its own sees all bytes, also if the
// writer inside has a WriteString.
func TestWritersThatEmbedAWriter(t *testing.T) {
	content := strings.Repeat("abcdefghij", 10_000)
	for _, wrap := range []func(w stringWriter) http.ResponseWriter{
		func(w stringWriter) http.ResponseWriter { return upperWriter{w} },
		func(w stringWriter) http.ResponseWriter { return &upperWriter{w} },
		func(w stringWriter) http.ResponseWriter { return upperEverywhere{w} },
	} {
		for _, f := range []File{FromString("a", content, nil), FromBytes("a", []byte(content), nil), FromString("a", content[:10], nil), unopenable{fs.ErrNotExist}} {
			w := httptest.NewRecorder()
			NewHandler(fileView(f), &Options{Logger: discard}).ServeHTTP(wrap(w), httptest.NewRequest("GET", "/", nil))
			if got := w.Body.String(); got != strings.ToUpper(got) || got == "" {
				t.Errorf("%T, %T: %d bytes, begin %.10q; want those of Write", wrap(w), f, len(got), got)
			}
		}
	}
}
