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
	"testing/iotest"
	"time"
)

// A readerFile is a file whose handles read by the function.
type readerFile struct {
	size int64
	read func() func(p []byte) (int, error)
}

func (readerFile) Name() string                            { return "a.txt" }
func (f readerFile) Open(context.Context) (fs.File, error) { return readerFileHandle{f, f.read()}, nil }

type readerFileHandle struct {
	readerFile
	read func(p []byte) (int, error)
}

func (h readerFileHandle) Read(p []byte) (int, error) { return h.read(p) }
func (h readerFileHandle) Close() error               { return nil }
func (h readerFileHandle) Stat() (fs.FileInfo, error) {
	return Attributes{Size: h.size, ModTime: changed}.FileInfo("a.txt"), nil
}

// Readers that break the contract of io.Reader end the download with an error. One
// that returned nothing and no error kept its goroutine busy for ever.
func TestReadersThatBreakTheContract(t *testing.T) {
	for name, read := range map[string]func(p []byte) (int, error){
		"neither bytes nor an error": func([]byte) (int, error) { return 0, nil },
		"more than there is room":    func(p []byte) (int, error) { return len(p) + 1, nil },
		"a negative count":           func([]byte) (int, error) { return -1, nil },
	} {
		for _, size := range []int64{10, 100_000, -1} {
			for _, begins := range []bool{false, true} {
				f := readerFile{size, func() func(p []byte) (int, error) {
					calls := 0
					return func(p []byte) (int, error) {
						if calls++; begins && calls == 1 {
							return copy(p, "abc"), nil
						}
						return read(p)
					}
				}}
				var seen Outcome
				s := serve(t, NewHandler(fileView(f), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}))
				got := ask(t, s.URL, "GET")
				s.Close()
				if got.err == nil && got.status == 200 || seen.Err == nil || len(got.body) > 3 && got.status == 200 {
					t.Errorf("%s, size %d, begins %v: %d, %d bytes, %v, %v; want an error", name, size, begins, got.status, len(got.body), got.err, seen.Err)
				}
			}
		}
	}
}

// A countingWriter is a wrapper whose Write passes p on as change does, and returns the
// count of the writer below.
type countingWriter struct {
	http.ResponseWriter
	change func(p []byte) []byte
}

func (w countingWriter) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

func (w countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w countingWriter) Write(p []byte) (int, error) { return w.ResponseWriter.Write(w.change(p)) }

type withDeadline struct{ *httptest.ResponseRecorder }

func (withDeadline) SetWriteDeadline(time.Time) error { return nil }

// A writer below that returns another count than it got breaks the contract of
// io.Writer. The answer is complete, or it is cut.
func TestWritersThatBreakTheContract(t *testing.T) {
	digits := strings.Repeat("0123456789", 20_000)
	double := func(p []byte) []byte { return bytes.Repeat(p, 2) }
	half := func(p []byte) []byte { return p[:len(p)/2] }
	local := newLocalFile(t, "a.txt", digits)
	opened := func(r func() io.Reader) File {
		return FromOpener("d", func(context.Context) (io.Reader, error) { return r(), nil }, nil)
	}
	for name, f := range map[string]File{
		"local": local, "small": newLocalFile(t, "b.txt", digits[:100]), "object": newObject(digits), "bytes": FromString("c", digits, nil),
		"reader":  opened(func() io.Reader { return io.MultiReader(strings.NewReader(digits)) }),
		"pieces":  opened(func() io.Reader { return iotest.HalfReader(strings.NewReader(digits[:100])) }),
		"produce": FromFunc("e", func(_ context.Context, w io.Writer) error { w.Write([]byte(digits)); return nil }, nil),
	} {
		for _, kind := range []string{"more", "less", "more, moved", "less, moved", "more, watched", "less, watched", "more, paced", "less, paced"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				w := withDeadline{httptest.NewRecorder()}
				r := httptest.NewRequest("GET", "/", nil)
				resp := Response{File: f}
				kind, below, _ := strings.Cut(kind, ", ")
				switch below {
				case "paced":
					resp.LimitRate = 1 << 40
				case "watched":
					r.ProtoMajor = 2
					fallthrough
				case "moved":
					r = r.WithContext(context.WithValue(t.Context(), http.ServerContextKey, &http.Server{WriteTimeout: time.Minute}))
				}
				change := map[string]func(p []byte) []byte{"more": double, "less": half}[kind]
				var seen Outcome
				o := &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}
				h := UseOptions(o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					Send(countingWriter{w, change}, r, resp)
				}))
				cut := func() (p any) {
					defer func() { p = recover() }()
					h.ServeHTTP(w, r)
					return nil
				}()
				if kind == "less" {
					if cut == nil || seen.AbortedBy != AbortedByServer || !errors.Is(seen.Err, io.ErrShortWrite) {
						t.Errorf("%v, aborted by %v, %v; want a short write of the server", cut, seen.AbortedBy, seen.Err)
					}
					return
				}
				want := int64(len(digits))
				if name == "small" || name == "pieces" {
					want = 100
				}
				if cut != nil || int64(w.Body.Len()) != 2*want || seen.Bytes != want {
					t.Errorf("%v, %d bytes for %d of %d; want all", cut, w.Body.Len(), seen.Bytes, want)
				}
			})
		}
	}
}
