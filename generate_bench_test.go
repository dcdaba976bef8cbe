package downloadview

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// 1 MiB in pieces. The producer writes to the client, or through a pipe from another
// goroutine, as io.Copy needs it.
func BenchmarkGenerate(b *testing.B) {
	const total = 1 << 20
	for _, size := range []int{64, 4 << 10} {
		piece := bytes.Repeat([]byte("x"), size)
		produce := func(_ context.Context, w io.Writer) error {
			for range total / size {
				if _, err := w.Write(piece); err != nil {
					return err
				}
			}
			return nil
		}
		pieces := func(yield func([]byte) bool) {
			for range total / size {
				if !yield(piece) {
					return
				}
			}
		}
		made := func(newFile func() File) http.Handler {
			return NewHandler(ViewFunc(func(*http.Request) (Response, error) { return Response{File: newFile()}, nil }), nil)
		}
		contenders := map[string]http.Handler{
			"func":       made(func() File { return FromFunc("a.csv", produce, nil) }),
			"sized func": made(func() File { return FromFunc("a.csv", produce, &Attributes{Size: total}) }),
			"seq":        made(func() File { return FromSeq("a.csv", pieces, nil) }),
			"func, read": made(func() File { return copied{FromFunc("a.csv", produce, nil)} }),
			"pipe": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h := w.Header()
				h.Set("Content-Type", "text/csv; charset=utf-8")
				h.Set("Content-Disposition", `attachment; filename="a.csv"`)
				h.Set("Cache-Control", "private, no-cache")
				h.Set("X-Content-Type-Options", "nosniff")
				pr, pw := io.Pipe()
				go func() { pw.CloseWithError(produce(r.Context(), pw)) }()
				defer pr.Close()
				io.Copy(w, pr)
			}),
		}
		for _, name := range slices.Sorted(maps.Keys(contenders)) {
			b.Run(fmt.Sprintf("%dB/%s", size, name), func(b *testing.B) {
				b.SetBytes(total)
				b.ReportAllocs()
				r := httptest.NewRequest("GET", "/", nil)
				for b.Loop() {
					contenders[name].ServeHTTP(headerOnly{make(http.Header, 8)}, r)
				}
			})
		}
	}
}
