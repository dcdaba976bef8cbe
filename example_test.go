package downloadview_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/iofs"
)

// folder returns a storage that has these files.
func folder(files map[string]string) downloadview.Storage {
	m := fstest.MapFS{}
	for key, content := range files {
		m[key] = &fstest.MapFile{Data: []byte(content)}
	}
	return iofs.New(m, nil)
}

// show prints the answer of h as a client sees it.
func show(h http.Handler, method, path string, fields ...string) {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("Content-Disposition"))))
	io.Copy(os.Stdout, w.Body)
	fmt.Println()
}

// A view decides which file to send, and the handler sends it.
func Example() {
	reports := folder(map[string]string{"2026/7.pdf": "%PDF"})

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if r.Header.Get("Authorization") == "" {
			return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
		}
		f, err := reports.File("2026/" + r.PathValue("id") + ".pdf")
		return downloadview.Response{File: f, Name: "Report " + r.PathValue("id") + ".pdf"}, err
	})
	mux := http.NewServeMux()
	mux.Handle("GET /reports/{id}", downloadview.NewHandler(view, nil))

	show(mux, "GET", "/reports/7", "Authorization", "Bearer x")
	show(mux, "GET", "/reports/7", "Authorization", "Bearer x", "Range", "bytes=-2")
	show(mux, "GET", "/reports/7")
	show(mux, "GET", "/reports/8", "Authorization", "Bearer x")
	// Output:
	// 200 attachment; filename="Report 7.pdf"
	// %PDF
	// 206 attachment; filename="Report 7.pdf"
	// DF
	// 403
	// Forbidden
	//
	// 404
	// Not Found
}

func ExampleSend() {
	invoices := folder(map[string]string{"2026/17.pdf": "%PDF"})

	http.HandleFunc("POST /invoices", func(w http.ResponseWriter, r *http.Request) {
		f, err := invoices.File("2026/17.pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Invoice 17.pdf"})
	})

	show(http.DefaultServeMux, "POST", "/invoices")
	// Output:
	// 200 attachment; filename="Invoice 17.pdf"
	// %PDF
}

func ExampleSendFile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "price list.csv")
	if err := os.WriteFile(path, []byte("tea,2"), 0o600); err != nil {
		panic(err)
	}

	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := disk.File(path)
		if err != nil {
			http.Error(w, "no price list", http.StatusInternalServerError)
			return
		}
		downloadview.SendFile(w, r, f)
	})

	show(h, "GET", "/")
	// Output:
	// 200 attachment; filename="price list.csv"
	// tea,2
}

// A StorageView takes the key from the URL's path. Its Response has the settings that
// are the same for all files.
func ExampleStorageView() {
	view := downloadview.StorageView{
		Storage:  folder(map[string]string{"logo.png": "PNG", "page.html": "<script>"}),
		Response: downloadview.Response{Disposition: downloadview.Inline},
	}
	mux := http.NewServeMux()
	mux.Handle("/media/{path...}", downloadview.NewHandler(view, nil))

	show(mux, "GET", "/media/logo.png")
	show(mux, "GET", "/media/page.html") // could run script, so it is saved all the same
	// Output:
	// 200 inline; filename="logo.png"
	// PNG
	// 200 attachment; filename="page.html"
	// <script>
}

// With a router whose wildcards are not those of net/http, the key is the part of
// the path after the route's prefix.
func ExamplePathKey() {
	view := downloadview.StorageView{
		Storage: folder(map[string]string{"2026/a b.txt": "report"}),
		Key:     downloadview.PathKey("/media/"),
	}
	router := http.NewServeMux() // with chi: router.Handle("/media/*", …)
	router.Handle("/media/", downloadview.NewHandler(view, nil))

	show(router, "GET", "/media/2026%2Fa%20b.txt")
	// Output:
	// 200 attachment; filename="a b.txt"
	// report
}

// Middleware of views changes the Response of a view before its file is opened.
func ExampleMiddleware() {
	var confidential downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			if err != nil || resp.File == nil {
				return resp, err
			}
			name := resp.Name
			if name == "" { // that of the file
				name = path.Base(resp.File.Name())
			}
			resp.Name = "CONFIDENTIAL " + name
			return resp.WithHeader("X-Robots-Tag", "noindex"), nil
		})
	}
	f, err := folder(map[string]string{"2026/a.txt": "secret"}).File("2026/a.txt")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"plan.txt", ""} {
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: f, Name: name}, nil
		})
		resp, err := confidential(view).Respond(httptest.NewRequest("GET", "/", nil))
		fmt.Println(resp.Name, resp.Header, err)
	}
	// Output:
	// CONFIDENTIAL plan.txt map[X-Robots-Tag:[noindex]] <nil>
	// CONFIDENTIAL a.txt map[X-Robots-Tag:[noindex]] <nil>
}

// Use wraps every view and every call to Send below an http.Handler in middleware,
// here that of an accelerator.
func ExampleUse() {
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/tea", func(w http.ResponseWriter, r *http.Request) {
		f, err := disk.File("/srv/media/tea & cake?.pdf")
		if err != nil {
			panic(err)
		}
		downloadview.SendFile(w, r, f)
	})

	w := httptest.NewRecorder()
	downloadview.Use(nginx.Middleware)(mux).ServeHTTP(w, httptest.NewRequest("GET", "/tea", nil))
	fmt.Println(w.Code, w.Header().Get("X-Accel-Redirect"))
	// Output:
	// 200 /_media/tea%20%26%20cake%3F.pdf
}

// Options can be set for a whole application.
func ExampleUseOptions() {
	options := &downloadview.Options{
		Logger: slog.New(slog.DiscardHandler),
		Error: func(w http.ResponseWriter, r *http.Request, status int, err error) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "sorry, no %s", r.URL.Path)
		},
		Observer: func(r *http.Request, o downloadview.Outcome) {
			fmt.Println("observed:", r.URL.Path, o.Mode, o.Status)
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: folder(nil)}, nil))

	show(downloadview.UseOptions(options)(mux), "GET", "/a.txt")
	// Output:
	// observed: /a.txt stream 404
	// 404
	// sorry, no /a.txt
}

// A wrapper with Unwrap changes the name of a file and nothing else: nginx can still
// send it, and ranges still work.
func ExampleFile() {
	f, err := disk.File("/srv/media/8f3a.bin")
	if err != nil {
		panic(err)
	}
	src, ok := downloadview.SourceOf(renamed{f, "holiday.jpg"})
	fmt.Println(src, ok)
	// Output:
	// /srv/media/8f3a.bin true
}

type renamed struct {
	downloadview.File
	name string
}

func (r renamed) Name() string              { return r.name }
func (r renamed) Unwrap() downloadview.File { return r.File }

// Find finds an application's own interface in the same way as the package finds its
// optional interfaces: through wrappers that have Unwrap.
func ExampleFind() {
	f := renamed{book{downloadview.FromString("b.epub", "…", nil), 12}, "novel.epub"}
	if b, ok := downloadview.Find[interface{ Chapters() int }](f); ok {
		fmt.Println(f.Name(), "has", b.Chapters(), "chapters")
	}
	// Output:
	// novel.epub has 12 chapters
}

// A book is a file with a number of chapters.
type book struct {
	downloadview.File
	chapters int
}

func (b book) Chapters() int { return b.chapters }

// OpenRange opens a part of a file that is a RangeFile, or whose handles can seek.
func ExampleOpenRange() {
	f, err := folder(map[string]string{"a.txt": "0123456789"}).File("a.txt")
	if err != nil {
		panic(err)
	}
	h, err := downloadview.OpenRange(context.Background(), f, 3, 4)
	if err != nil {
		panic(err)
	}
	defer h.Close()
	part, err := io.ReadAll(h)
	fmt.Printf("%s %v\n", part, err)
	// Output:
	// 3456 <nil>
}

func ExampleStat() {
	f, err := folder(map[string]string{"a.txt": "0123456789"}).File("a.txt")
	if err != nil {
		panic(err)
	}
	fi, err := downloadview.Stat(context.Background(), f)
	if err != nil {
		panic(err)
	}
	fmt.Println(downloadview.AttributesOf(fi).Size)
	// Output:
	// 10
}

func ExampleList() {
	s := folder(map[string]string{"a/b.txt": "x", "a/c.txt": "yz", "d.txt": ""})
	for fi, err := range downloadview.List(context.Background(), s, "a") {
		if err != nil {
			panic(err)
		}
		fmt.Println(fi.Name(), fi.Size())
	}
	// Output:
	// b.txt 1
	// c.txt 2
}

func ExampleStatusError() {
	err := &downloadview.StatusError{Status: http.StatusPaymentRequired, Err: fmt.Errorf("account %d is empty", 7)}
	fmt.Println(downloadview.StatusCode(err), err)
	// Output:
	// 402 402 Payment Required: account 7 is empty
}

func ExampleTypeByName() {
	fmt.Println(downloadview.TypeByName("Übersicht.CSV"))
	// Output:
	// text/csv; charset=utf-8
}
