package downloadview_test

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

type sale struct {
	city  string
	cents int
}

var sales = []sale{{"Kraków", 1250}, {"Łódź, north", 399}}

// A CSV file, written row by row as the database returns them. The version of the
// table is the entity tag: a client that has this version gets 304, without a query.
func ExampleFromFunc() {
	export := func(ctx context.Context, w io.Writer) error {
		rows := csv.NewWriter(w)
		for _, s := range sales {
			if err := rows.Write([]string{s.city, strconv.Itoa(s.cents)}); err != nil {
				return err
			}
		}
		rows.Flush()
		return rows.Error()
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f := downloadview.FromFunc("sales.csv", export, &downloadview.Attributes{ETag: `"7"`})
		return downloadview.Response{File: f}, nil
	})
	h := downloadview.NewHandler(view, nil)

	show(h, "GET", "/sales")
	show(h, "GET", "/sales", "If-None-Match", `"7"`)
	// Output:
	// 200 attachment; filename="sales.csv"
	// Kraków,1250
	// "Łódź, north",399
	//
	// 304
}

// An archive of several files, sent while it is being written.
func ExampleFromFunc_zip() {
	photos := folder(map[string]string{"1.jpg": "first", "2.jpg": "second"})

	pack := func(ctx context.Context, w io.Writer) error {
		archive := zip.NewWriter(w)
		for _, key := range []string{"1.jpg", "2.jpg"} {
			if err := add(ctx, archive, photos, key); err != nil {
				return err
			}
		}
		return archive.Close()
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloadview.SendFile(w, r, downloadview.FromFunc("photos.zip", pack, nil))
	}))
	defer s.Close()

	resp, err := http.Get(s.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	archive, err := zip.NewReader(strings.NewReader(string(body)), int64(len(body)))
	if err != nil {
		panic(err)
	}
	fmt.Println(resp.Header.Get("Content-Type"))
	for _, f := range archive.File {
		fmt.Println(f.Name, f.UncompressedSize64)
	}
	// Output:
	// application/zip
	// 1.jpg 5
	// 2.jpg 6
}

func add(ctx context.Context, archive *zip.Writer, s downloadview.Storage, key string) error {
	f, err := s.File(key)
	if err != nil {
		return err
	}
	h, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	w, err := archive.Create(key)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, h)
	return err
}

// Flush sends the bytes that were written so far.
func ExampleFromFunc_flush() {
	progress := func(ctx context.Context, w io.Writer) error {
		for percent := range slices.Values([]int{50, 100}) {
			if _, err := fmt.Fprintf(w, "%d %%\n", percent); err != nil {
				return err
			}
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
		}
		return nil
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloadview.SendFile(w, r, downloadview.FromFunc("progress.txt", progress, nil))
	})
	show(h, "GET", "/")
	// Output:
	// 200 attachment; filename="progress.txt"
	// 50 %
	// 100 %
}

func ExampleFromSeq() {
	poem := func(words ...string) iter.Seq[string] {
		return func(yield func(string) bool) {
			for i, word := range words {
				if !yield(strconv.Itoa(i+1) + ". " + word + "\n") {
					return
				}
			}
		}
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloadview.SendFile(w, r, downloadview.FromSeq("list.txt", poem("bread", "salt"), nil))
	})
	show(h, "GET", "/")
	// Output:
	// 200 attachment; filename="list.txt"
	// 1. bread
	// 2. salt
}

func ExampleFromReader() {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := io.MultiReader(strings.NewReader("head\n"), strings.NewReader("tail\n"))
		downloadview.SendFile(w, r, downloadview.FromReader("both.txt", answer, nil))
	})
	show(h, "GET", "/")
	// Output:
	// 200 attachment; filename="both.txt"
	// head
	// tail
}

// A Reader that can seek supports ranges.
func ExampleFromOpener() {
	open := func(context.Context) (io.Reader, error) { return strings.NewReader("0123456789"), nil }
	f := downloadview.FromOpener("digits.txt", open, nil)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { downloadview.SendFile(w, r, f) })

	show(h, "GET", "/", "Range", "bytes=2-4")
	// Output:
	// 206 attachment; filename="digits.txt"
	// 234
}

func ExampleFromBytes() {
	published := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	f := downloadview.FromBytes("key.bin", []byte("0123456789"), &downloadview.Attributes{ModTime: published})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { downloadview.SendFile(w, r, f) })

	show(h, "GET", "/", "Range", "bytes=-3")
	show(h, "GET", "/", "If-Modified-Since", published.Format(http.TimeFormat))
	// Output:
	// 206 attachment; filename="key.bin"
	// 789
	// 304
}

func ExampleFromString() {
	f := downloadview.FromString("hello.txt", "Hello!", nil)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { downloadview.SendFile(w, r, f) })

	show(h, "GET", "/")
	// Output:
	// 200 attachment; filename="hello.txt"
	// Hello!
}

func ExampleErrConsumed() {
	f := downloadview.FromReader("once.txt", strings.NewReader("once"), nil)
	for range 2 {
		h, err := f.Open(context.Background())
		if err != nil {
			fmt.Println(errors.Is(err, downloadview.ErrConsumed), downloadview.StatusCode(err))
			continue
		}
		h.Close()
	}
	// Output:
	// true 500
}

// Without a proxy the report is generated. Behind nginx, nginx sends the file that a
// nightly job wrote.
func ExampleWithSource() {
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/reports", Destination: "/_reports/"}}, nil)
	if err != nil {
		panic(err)
	}
	report := func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "made just now")
		return err
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f := downloadview.FromFunc("2026.txt", report, nil)
		src := downloadview.Source{Scheme: "file", Path: "/srv/reports/2026.txt"}
		return downloadview.Response{File: downloadview.WithSource(f, src)}, nil
	})

	w := httptest.NewRecorder()
	downloadview.NewHandler(nginx.Middleware(view), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("X-Accel-Redirect"))
	show(downloadview.NewHandler(view, nil), "GET", "/")
	// Output:
	// /_reports/2026.txt
	// 200 attachment; filename="2026.txt"
	// made just now
}
