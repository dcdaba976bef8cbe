package downloadview_test

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/downloadtest"
	"github.com/downloadview/downloadview/storage/disk"
)

// docs/parity.md has copies of the functions here; the tests below call each. The one
// for remote files is in storage/remote, so that tests of this package need less.

func userMedia(root *os.Root, user func(*http.Request) string) http.Handler {
	files := downloadview.StorageView{
		Storage: disk.New(root, nil),
		Key: func(r *http.Request) (string, error) {
			return user(r) + "/" + r.PathValue("path"), nil
		},
		Response: downloadview.Response{Disposition: downloadview.Inline},
	}
	mux := http.NewServeMux()
	mux.Handle("/media/{path...}", downloadview.NewHandler(files, nil))
	return mux
}

func priceList(path string) (http.Handler, error) {
	f, err := disk.File(path)
	if err != nil {
		return nil, err
	}
	return downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f, Name: "Price list.csv"}, nil
	}), nil), nil
}

type document struct{ Scan, Title, Type string }

func documentScan(find func(ctx context.Context, slug string) (document, error), media downloadview.Storage) http.Handler {
	view := downloadview.ObjectView[document]{
		Object: func(r *http.Request) (document, error) {
			return find(r.Context(), r.PathValue("slug"))
		},
		File: func(d document) (downloadview.File, error) {
			return media.File(d.Scan)
		},
		Response: func(d document) downloadview.Response {
			return downloadview.Response{Name: d.Title, ContentType: d.Type}
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/scans/{slug}", downloadview.NewHandler(view, nil))
	return mux
}

func greeting(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		_ = yield("Hello ") && yield(name)
	}
}

func greetings() http.Handler {
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		f := downloadview.FromSeq("greeting.txt", greeting(r.PathValue("name")), nil)
		return downloadview.Response{File: f}, nil
	})
	mux := http.NewServeMux()
	mux.Handle("/greetings/{name}", downloadview.NewHandler(view, nil))
	return mux
}

func report(rows func(context.Context) iter.Seq2[[]string, error]) downloadview.View {
	return downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f := downloadview.FromFunc("report.csv", func(ctx context.Context, w io.Writer) error {
			lines := csv.NewWriter(w)
			for row, err := range rows(ctx) {
				if err != nil {
					return err
				}
				if err := lines.Write(row); err != nil {
					return err
				}
			}
			lines.Flush()
			return lines.Error()
		}, nil)
		return downloadview.Response{File: f}, nil
	})
}

func behindNginx(app http.Handler) (http.Handler, error) {
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{
		{Source: "/srv/media", Destination: "/_media/"},
		{Source: "/srv/reports", Destination: "/_reports/"},
	}, nil)
	if err != nil {
		return nil, err
	}
	return downloadview.Use(nginx.Middleware)(app), nil
}

func oneView(nginx *accel.Accelerator, membersOnly downloadview.Middleware, files downloadview.View) http.Handler {
	return downloadview.NewHandler(membersOnly(nginx.Middleware(files)), nil)
}

func slowly(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		resp.LimitRate = 65536 // bytes a second
		return resp, err
	})
}

func attachment(w http.ResponseWriter, r *http.Request, path, name string) {
	f, err := disk.File(path)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	downloadview.Send(w, r, downloadview.Response{File: f, Name: name})
}

func TestUserMedia(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := downloadview.Save(t.Context(), disk.New(root, nil), "ann/tea.csv", strings.NewReader("tea,2")); err != nil {
		t.Fatal(err)
	}
	app := userMedia(root, func(*http.Request) string { return "ann" })
	resp := downloadtest.Do(app, "GET", "/media/tea.csv")
	downloadtest.Check(t, resp, downloadtest.Download{
		Name:        "tea.csv",
		Disposition: downloadtest.Inline,
		Type:        "text/csv",
		Content:     "tea,2",
	})
}

func TestHandedOver(t *testing.T) {
	media := downloadtest.Storage{Source: downloadview.Source{Scheme: "file", Path: "/srv/media"}}
	mux := http.NewServeMux()
	mux.Handle("/media/{path...}", downloadview.NewHandler(slowly(downloadview.StorageView{Storage: media}), nil))
	app, err := behindNginx(mux)
	if err != nil {
		t.Fatal(err)
	}
	resp := downloadtest.Do(app, "GET", "/media/tea%20&%20cake.pdf")
	downloadtest.Check(t, resp, downloadtest.Download{
		Location: "/_media/tea & cake.pdf",
		Name:     "tea & cake.pdf",
		Header:   map[string]string{"X-Accel-Limit-Rate": "65536", "X-Accel-Expires": ""},
	})
}

func TestSlowly(t *testing.T) {
	media := downloadtest.Storage{}
	r := httptest.NewRequest("GET", "/", nil)
	r.SetPathValue("path", "tea.csv")
	resp, err := slowly(downloadview.StorageView{Storage: media}).Respond(r)
	if err != nil {
		t.Fatal(err)
	}
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Key: "tea.csv"})
	if resp.LimitRate != 65536 {
		t.Errorf("limit of %d bytes a second, want 65536", resp.LimitRate)
	}
}

func TestParityViews(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("tea,2"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	prices, err := priceList(path)
	if err != nil {
		t.Fatal(err)
	}
	someone := userMedia(root, func(*http.Request) string { return "bob" })
	scans := documentScan(func(_ context.Context, slug string) (document, error) {
		switch slug {
		case "tea":
			return document{"a.csv", "Tea.csv", "text/csv; charset=iso-8859-2"}, nil
		case "unscanned":
			return document{Title: "Coffee.csv"}, nil
		}
		return document{}, fs.ErrNotExist
	}, disk.New(root, nil))
	sendfile := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attachment(w, r, path, "Tea.csv")
	})
	missing := downloadtest.Download{Status: http.StatusNotFound}
	for _, tt := range []struct {
		name string
		app  http.Handler
		path string
		want downloadtest.Download
	}{
		{"storage, another's", someone, "/media/a.csv", missing},
		{"storage, way out", someone, "/media/..%2Fa.csv", missing},
		{"path", prices, "/", downloadtest.Download{Name: "Price list.csv", Disposition: downloadtest.Attachment, Content: "tea,2"}},
		{"object", scans, "/scans/tea", downloadtest.Download{Name: "Tea.csv", Type: "text/csv; charset=iso-8859-2", Content: "tea,2"}},
		{"object, empty field", scans, "/scans/unscanned", missing},
		{"object, missing", scans, "/scans/milk", missing},
		{"sendfile", sendfile, "/", downloadtest.Download{Name: "Tea.csv", Disposition: downloadtest.Attachment, Content: "tea,2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			downloadtest.Check(t, downloadtest.Do(tt.app, "GET", tt.path), tt.want)
		})
	}
}

func TestParityGenerated(t *testing.T) {
	reports := func(err error) http.Handler {
		return downloadview.NewHandler(report(func(context.Context) iter.Seq2[[]string, error] {
			return func(yield func([]string, error) bool) {
				_ = yield([]string{"tea", "2"}, nil) && (err == nil || yield(nil, err))
			}
		}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
	}
	for _, tt := range []struct {
		name string
		app  http.Handler
		path string
		want downloadtest.Download
	}{
		{"greeting", greetings(), "/greetings/Ann", downloadtest.Download{Name: "greeting.txt", Type: "text/plain", Content: "Hello Ann"}},
		{"report", reports(nil), "/", downloadtest.Download{Name: "report.csv", Type: "text/csv", Content: "tea,2\n"}},
		{"failed report", reports(errors.New("no more tea")), "/", downloadtest.Download{Status: http.StatusInternalServerError}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			downloadtest.Check(t, downloadtest.Do(tt.app, "GET", tt.path), tt.want)
		})
	}
}

func TestParityNginx(t *testing.T) {
	rules, err := behindNginx(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attachment(w, r, "/srv"+r.URL.Path, "")
	}))
	if err != nil {
		t.Fatal(err)
	}
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	media := downloadtest.Storage{Source: downloadview.Source{Scheme: "file", Path: "/srv/media"}}
	files := downloadview.StorageView{
		Storage: media,
		Key:     func(*http.Request) (string, error) { return "a.pdf", nil },
	}
	everybody := func(next downloadview.View) downloadview.View { return next }
	nobody := func(downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
		})
	}
	for _, tt := range []struct {
		name string
		app  http.Handler
		path string
		want downloadtest.Download
	}{
		{"first rule", rules, "/media/a.pdf", downloadtest.Download{Location: "/_media/a.pdf"}},
		{"second rule", rules, "/reports/a.pdf", downloadtest.Download{Location: "/_reports/a.pdf"}},
		{"no rule", rules, "/media-private/a.pdf", downloadtest.Download{Status: http.StatusNotFound, Streamed: true}},
		{"one view", oneView(nginx, everybody, files), "/", downloadtest.Download{Location: "/_media/a.pdf"}},
		{"one view, refused", oneView(nginx, nobody, files), "/", downloadtest.Download{Status: http.StatusForbidden, Streamed: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			downloadtest.Check(t, downloadtest.Do(tt.app, "GET", tt.path), tt.want)
		})
	}
}
