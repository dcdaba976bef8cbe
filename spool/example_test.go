package spool_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/spool"
)

// A sale is a row of the database.
type sale struct {
	day   string
	cents int
}

// A monthly report is made of the rows of a database, once. Whoever asks for it
// meanwhile gets its rows as they come. When it is complete, nginx sends it. A change
// of the data is another version.
func Example() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	reports, err := spool.New(dir, &spool.Options{MaxBytes: 10 << 30})
	if err != nil {
		log.Fatal(err)
	}
	defer reports.Close()

	sales := []sale{{"2026-10-01", 1999}, {"2026-10-02", 4250}} // a query, in a real program
	changed := "2026-10-31T23:59:59Z"
	report := func(month string) downloadview.File {
		return downloadview.FromFunc("sales-"+month+".csv", func(ctx context.Context, w io.Writer) error {
			fmt.Println("the report is made")
			rows := csv.NewWriter(w)
			rows.Write([]string{"day", "cents"})
			for _, s := range sales { // rows.Next, with ctx
				rows.Write([]string{s.day, strconv.Itoa(s.cents)})
			}
			rows.Flush()
			return rows.Error()
		}, &downloadview.Attributes{ContentType: "text/csv"})
	}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		month := r.PathValue("month")
		id := spool.ID{Key: "sales/" + month, Version: changed}
		return reports.Response(r, id, downloadview.Response{File: report(month)})
	})

	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: reports.Files(), Destination: "/_reports/"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /sales/{month}", downloadview.NewHandler(nginx.Middleware(view), nil))

	get := func() {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/sales/2026-10", nil))
		fmt.Printf("%d, %d bytes, %s\n", w.Code, w.Body.Len(), w.Header().Get("Cache-Status"))
		fmt.Println("nginx sends it:", w.Header().Get("X-Accel-Redirect") != "")
	}
	get()
	// The next request may come before the report is synced to disk. Here it doesn't.
	if err := reports.Warm(context.Background(), spool.ID{Key: "sales/2026-10", Version: changed}, report("2026-10")); err != nil {
		log.Fatal(err)
	}
	get()
	// Output:
	// the report is made
	// 200, 42 bytes, downloadview; fwd=uri-miss; stored
	// nginx sends it: false
	// 200, 0 bytes, downloadview; hit
	// nginx sends it: true
}

// A thumbnail is made of an original. The version is the entity tag of the original,
// so that a new original has a new thumbnail.
func ExampleSpool_Middleware() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	thumbnails, err := spool.New(dir, &spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		log.Fatal(err)
	}
	defer thumbnails.Close()

	tags := map[string]string{"cat.png": `"v1"`} // of the originals, from the database
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f := downloadview.FromOpener("thumbnail.png", func(context.Context) (io.Reader, error) {
			fmt.Println("scaling", r.PathValue("name"))
			small := image.NewGray(image.Rect(0, 0, 64, 64)) // of the original, in a real program
			small.SetGray(1, 1, color.Gray{255})
			var b bytes.Buffer
			err := png.Encode(&b, small)
			return &b, err
		}, nil)
		return downloadview.Response{File: f, Disposition: downloadview.Inline}, nil
	})
	identify := func(r *http.Request, _ downloadview.Response) (spool.ID, error) {
		name := r.PathValue("name")
		return spool.ID{Key: "64x64/" + name, Version: tags[name]}, nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /thumbnails/{name}", downloadview.NewHandler(thumbnails.Middleware(identify)(view), nil))

	for _, tag := range []string{`"v1"`, `"v1"`, `"v2"`} {
		tags["cat.png"] = tag
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/thumbnails/cat.png", nil))
		_, err := png.Decode(w.Body)
		fmt.Println(w.Code, w.Header().Get("Content-Type"), err)
	}
	// Output:
	// scaling cat.png
	// 200 image/png <nil>
	// 200 image/png <nil>
	// scaling cat.png
	// 200 image/png <nil>
}

// Reports that many will want in the morning are made at night. One whose data were
// wrong is forgotten.
func ExampleSpool_Warm() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	reports, err := spool.New(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer reports.Close()

	ctx := context.Background()
	id := spool.ID{Key: "stock", Version: "2026-11-26"}
	f := downloadview.FromString("stock.txt", "12 chairs\n", nil)
	if err := reports.Warm(ctx, id, f); err != nil {
		log.Fatal(err)
	}
	digest, ok := reports.SHA256(id)
	fmt.Printf("%t %.4x…\n", ok, digest)

	if err := reports.Forget(ctx, id); err != nil {
		log.Fatal(err)
	}
	_, ok = reports.SHA256(id)
	fmt.Println(ok)
	// Output:
	// true a29e9ab7…
	// false
}

// A client has the first line of a report that is being made, and lost its connection. It
// asks what there is, and goes on with what comes (RFC 8673).
func ExampleSpool_File_growing() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	reports, err := spool.New(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer reports.Close()

	rows := make(chan string)
	f, err := reports.File(spool.ID{Key: "sales"}, downloadview.FromFunc("sales.csv", func(_ context.Context, w io.Writer) error {
		for row := range rows {
			fmt.Fprintln(w, row)
		}
		return nil
	}, nil))
	if err != nil {
		log.Fatal(err)
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	})
	server := httptest.NewServer(downloadview.NewHandler(view, nil))
	defer server.Close()
	ask := func(method, bytes string) *http.Response {
		r, err := http.NewRequest(method, server.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Range", bytes)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s → %d %q\n", method, bytes, resp.StatusCode, resp.Header.Get("Content-Range"))
		return resp
	}

	go func() { rows <- "day,cents" }()
	resp := ask("GET", "bytes=0-")
	io.ReadFull(resp.Body, make([]byte, len("day,cents\n")))
	resp.Body.Close()

	ask("HEAD", "bytes=0-")
	resp = ask("GET", "bytes=4-9007199254740991")
	defer resp.Body.Close()
	go func() { rows <- "2026-10-01,1999"; close(rows) }()
	io.Copy(os.Stdout, resp.Body)
	// Output:
	// GET bytes=0- → 200 ""
	// HEAD bytes=0- → 206 "bytes 0-9/*"
	// GET bytes=4-9007199254740991 → 206 "bytes 4-9007199254740991/*"
	// cents
	// 2026-10-01,1999
}
