package accel_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
)

// Every download below the mux is handed over to nginx if the rule covers its file. The
// application doesn't open the file: nginx finds out whether it exists.
func Example() {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()

	a, err := accel.New(accel.Nginx(), []accel.Rule{{
		Name:        "media",
		Source:      dir,
		Destination: "/_media/",
	}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /media/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: disk.New(root, nil)}, nil))
	handler := downloadview.Use(a.Middleware)(mux)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/media/2026/annual%20report.pdf", nil))
	fmt.Println(w.Code, w.Body.Len())
	fmt.Println(w.Header().Get("X-Accel-Redirect"))
	fmt.Println(w.Header().Get("Content-Disposition"))
	fmt.Println(w.Header().Get("Content-Type"))
	// Output:
	// 200 0
	// /_media/2026/annual%20report.pdf
	// attachment; filename="annual report.pdf"
	// application/pdf
}

// Only the files of one view are handed over.
func ExampleAccelerator_Middleware() {
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://reports/", Destination: "/_reports/"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	report := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: object("2026/q3.pdf"), Name: "Third quarter.pdf"}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("GET /report", downloadview.NewHandler(a.Middleware(report), nil))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/report", nil))
	fmt.Println(w.Header().Get("X-Accel-Redirect"))
	fmt.Println(w.Header().Get("Content-Disposition"))
	// Output:
	// /_reports/2026/q3.pdf
	// attachment; filename="Third quarter.pdf"
}

func ExampleAccelerator_Match() {
	a, err := accel.New(accel.Nginx(), []accel.Rule{
		{Source: "/srv/media", Destination: "/_media/"},
		{Source: "/srv/media/2026", Destination: "/_year/"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{
		"/srv/media/100%.pdf",
		"/srv/media/2026/a b.pdf",
		"/srv/media-private/a.pdf",
		"/srv/media/../secret",
	} {
		location, ok := a.Match(downloadview.Source{Scheme: "file", Path: path})
		fmt.Printf("%v %q\n", ok, location)
	}
	// Output:
	// true "/_media/100%25.pdf"
	// true "/_year/a%20b.pdf"
	// false ""
	// false ""
}

// The error for a wrong rule says what would be right.
func ExampleNew() {
	_, err := accel.New(accel.Nginx(), []accel.Rule{{Name: "media", Source: "srv/media", Destination: "/_media/"}}, nil)
	fmt.Println(err)
	_, err = accel.New(accel.Nginx(), []accel.Rule{{Name: "media", Source: "/srv/media", Destination: "_media"}}, nil)
	fmt.Println(err)
	// Output:
	// accel: rule "media": source "srv/media" is neither absolute nor a URL; want an absolute path such as "/srv/media", or a prefix such as "s3://bucket/prefix/"
	// accel: rule "media": destination "_media" does not begin with a slash; want an internal location such as "/_media/"
}

// Each server is a value, with its own header field and encoding.
func ExampleProxy_values() {
	for _, proxy := range []accel.Proxy{accel.Nginx(), accel.Apache(), accel.Lighttpd(), accel.Caddy26()} {
		a, err := accel.New(proxy, []accel.Rule{{Source: "/srv/media", Destination: "/files"}}, nil)
		if err != nil {
			log.Fatal(err)
		}
		h, _ := a.Offload(nil, downloadview.Source{Scheme: "file", Path: "/srv/media/a b.pdf"})
		fmt.Printf("%s: %s\n", h.Field, h.Value)
	}
	// Output:
	// X-Accel-Redirect: /files/a%20b.pdf
	// X-Sendfile: /files/a b.pdf
	// X-Sendfile: /files/a%20b.pdf
	// X-Accel-Redirect: /files/a b.pdf
}

// One application behind two servers: a rule may have its own Proxy.
func ExampleRule_proxy() {
	a, err := accel.New(accel.Nginx(), []accel.Rule{
		{Source: "/srv/media", Destination: "/_media/"},
		{Source: "/srv/archive", Destination: "/mnt/archive", Proxy: new(accel.Apache())},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{"/srv/media/a.pdf", "/srv/archive/a.pdf"} {
		h, _ := a.Offload(nil, downloadview.Source{Scheme: "file", Path: path})
		fmt.Printf("%s: %s\n", h.Field, h.Value)
	}
	// Output:
	// X-Accel-Redirect: /_media/a.pdf
	// X-Sendfile: /mnt/archive/a.pdf
}

// Objects of a private bucket: nginx fetches those below one prefix, and clients
// fetch those below another themselves.
func ExampleSigned() {
	a, err := accel.New(accel.Nginx(), []accel.Rule{
		{Source: "s3://reports/2026", Destination: "/_s3/", Signed: &accel.Signed{Expiry: time.Minute}},
		{Source: "s3://reports/public", Signed: &accel.Signed{Redirect: http.StatusFound}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	view := a.Middleware(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: signedObject{object(r.URL.Path[1:])}}, nil
	}))
	for _, path := range []string{"/2026/q1.pdf", "/public/q1.pdf"} {
		w := httptest.NewRecorder()
		downloadview.NewHandler(view, nil).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Header().Get("X-Accel-Redirect"), w.Header().Get("X-Download-Url")+w.Header().Get("Location"))
	}
	// Output:
	// 200 /_s3/ https://reports.example.com/2026/q1.pdf?signature=…
	// 302  https://reports.example.com/public/q1.pdf?signature=…
}

// signedObject is an object whose bucket signs URLs, as those of
// storage/s3bucket do.
type signedObject struct{ object }

func (o signedObject) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return "https://reports.example.com/" + o.Name() + "?signature=…", time.Time{}, nil
}

// An application that clients can also reach without its proxy streams to them.
func ExampleParseFrom() {
	from, err := accel.ParseFrom("unix", "10.0.0.0/8")
	if err != nil {
		log.Fatal(err)
	}
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/"}}, &accel.Options{From: from})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for _, r.RemoteAddr = range []string{"10.1.2.3:5000", "203.0.113.9:5000"} {
		h, covered := a.Offload(r, downloadview.Source{Scheme: "file", Path: "/srv/media/a.pdf"})
		fmt.Printf("%q %v\n", h.Value, covered)
	}
	// Output:
	// "/_media/a.pdf" true
	// "" true
}

// Rules are replaced while requests are served. If the new rules are wrong, the old
// ones stay.
func ExampleAccelerator_Swap() {
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Swap(accel.Rule{Source: "/srv/media", Destination: "media"}))
	fmt.Println(a.Match(downloadview.Source{Scheme: "file", Path: "/srv/media/a.pdf"}))
	fmt.Println(a.Swap(accel.Rule{Source: "/srv", Destination: "/_srv/"}))
	fmt.Println(a.Match(downloadview.Source{Scheme: "file", Path: "/srv/media/a.pdf"}))
	// Output:
	// accel: rule "/srv/media": destination "media" does not begin with a slash; want an internal location such as "/_media/"
	// /_media/a.pdf true
	// <nil>
	// /_srv/media/a.pdf true
}

// A view that itself knows where the proxy finds its file.
func ExampleAccelerator_To() {
	a, err := accel.New(accel.Nginx(), nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	offloader, err := a.To(accel.Rule{Destination: "/_archive/"}, "2026/a b.pdf")
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	downloadview.Send(w, httptest.NewRequest("GET", "/", nil), downloadview.Response{
		File:      object("a b.pdf"),
		Offloader: offloader,
	})
	fmt.Println(w.Header().Get("X-Accel-Redirect"))
	// Output: /_archive/2026/a%20b.pdf
}

// A Proxy for another server. It takes paths that are not encoded and have no control
// characters, and keeps the application's entity tag.
func ExampleProxy() {
	proxy := accel.Proxy{
		Name:  "sendd",
		Field: "X-Send-Path",
		Destination: func(s string) (string, error) {
			if !strings.HasPrefix(s, "/") {
				return "", fmt.Errorf("is relative; want a folder such as %q", "/data/")
			}
			return strings.TrimSuffix(s, "/") + "/", nil
		},
		Encode: func(destination, rest string) (string, bool) {
			control := func(r rune) bool { return r < ' ' || r == 0x7f }
			return destination + rest, !strings.ContainsFunc(rest, control)
		},
		Terms: downloadview.Terms{Validators: downloadview.OurValidators},
	}
	a, err := accel.New(proxy, []accel.Rule{{Source: "/srv/media", Destination: "/data"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	location, ok := a.Match(downloadview.Source{Scheme: "file", Path: "/srv/media/a b.pdf"})
	fmt.Printf("%q %v\n", location, ok)
	// Output: "/data/a b.pdf" true
}

// An object is a file of the bucket "reports".
type object string

func (o object) Name() string { return string(o) }

func (o object) Open(context.Context) (fs.File, error) { return nil, fs.ErrNotExist }

func (o object) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: "reports", Path: string(o)}, true
}

// A program that reads rules from its own file shows the line of the wrong rule.
func ExampleRuleError() {
	lines := []int{12, 17}
	_, err := accel.New(accel.Nginx(),
		[]accel.Rule{
			{Name: "media", Source: "/srv/media", Destination: "/_media/"},
			{Name: "reports", Source: "/srv/reports", Destination: "reports"},
		}, nil)
	if wrong, ok := errors.AsType[*accel.RuleError](err); ok {
		fmt.Printf("rules.yaml:%d: %s: %v\n", lines[wrong.Index], wrong.Field, wrong.Err)
	}
	// Output:
	// rules.yaml:17: Destination: destination "reports" does not begin with a slash; want an internal location such as "/_media/"
}
