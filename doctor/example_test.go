package doctor_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/storage/disk"
)

// An application offers the doctor's probes as a health check.
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
	storage := disk.New(root, nil)

	mux := http.NewServeMux()
	mux.Handle("GET /media/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: storage}, nil))
	app := httptest.NewServer(doctor.Witness(mux))
	defer app.Close()

	report, err := doctor.Run(context.Background(), doctor.Setup{
		Site:    app.URL, // without a proxy yet
		Prefix:  "/media/",
		Storage: storage,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK())
	for _, c := range report.Checks {
		if c.Name == "proxy-range" {
			fmt.Println(c.Step, c.Name, c.Result, c.Detail)
		}
	}
	// Output:
	// true
	// proxy proxy-range ok bytes 2-5/1800
}

func ExampleReport_WriteText() {
	report := doctor.Report{Checks: []doctor.Check{
		{Step: doctor.StorageStep, Name: "storage-read", Detail: "1800 bytes"},
		{Step: doctor.ProxyStep, Name: "proxy-file", Detail: "1800 bytes"},
		{
			Step: doctor.ProxyStep, Name: "proxy-range", Result: doctor.Failed,
			Detail: "200 with 1800 bytes for bytes=2-5, want 206 with 4 bytes",
			Cause:  "ranges are off",
			Change: "remove `max_ranges 0;` from `location /_media/`",
		},
	}}
	report.WriteText(os.Stdout)
	fmt.Println(report.OK())
	// Output:
	// storage
	//   ok              storage-read: 1800 bytes
	// proxy
	//   ok              proxy-file: 1800 bytes
	//   failed          proxy-range: 200 with 1800 bytes for bytes=2-5, want 206 with 4 bytes
	//     cause:  ranges are off
	//     change: remove `max_ranges 0;` from `location /_media/`
	// false
}

func ExampleExplain() {
	media, err := accel.New(accel.Nginx(), []accel.Rule{{Name: "media", Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	file, err := disk.File("/srv/media/annual report.pdf")
	if err != nil {
		log.Fatal(err)
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: file}, nil
	})
	r := httptest.NewRequest("GET", "/reports/2026", nil)
	doctor.Explain(media.Middleware(view), r).WriteText(os.Stdout)
	// Output:
	// key:    annual report.pdf
	// source: /srv/media/annual report.pdf
	// rule:   media
	// mode:   offload
	// status: 200 OK
	// Cache-Control: private, no-cache
	// Content-Disposition: attachment; filename="annual report.pdf"
	// Content-Type: application/pdf
	// X-Accel-Redirect: /_media/annual%20report.pdf
	// X-Content-Type-Options: nosniff
}

func ExampleWitness() {
	app := doctor.Witness(http.NotFoundHandler())
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Downloadview-Doctor", "1")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("X-Downloadview-Doctor"))
	// Output: HTTP/1.1
}
