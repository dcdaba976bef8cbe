package comingfrom

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// folder returns a root with the named files, whose contents are their names.
func folder(t *testing.T, names ...string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	for _, name := range names {
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := root.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

// wantAnswer checks the status, the body and header fields, which fields has as name
// and value by turns.
func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string, fields ...string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("%d %q, want %d %q", w.Code, w.Body, status, body)
	}
	for i := 0; i < len(fields); i += 2 {
		if got := w.Header().Get(fields[i]); got != fields[i+1] {
			t.Errorf("%s: %q, want %q", fields[i], got, fields[i+1])
		}
	}
}

func TestServeFile(t *testing.T) {
	files := disk.New(folder(t, "2026/report.pdf", "a/b.png"), nil)
	mux := http.NewServeMux()
	mux.Handle("/reports/{year}", report(files))
	mux.Handle("/media/{path...}", media(files))
	wantAnswer(t, get(mux, "/reports/2026"), 200, "2026/report.pdf", "Content-Disposition", `attachment; filename="Report 2026.pdf"`, "Accept-Ranges", "bytes")
	wantAnswer(t, get(mux, "/reports/2025"), 404, "Not Found\n")
	wantAnswer(t, get(mux, "/media/a/b.png"), 200, "a/b.png", "Content-Disposition", `inline; filename="b.png"`, "Content-Type", "image/png")
	wantAnswer(t, get(mux, "/media/a"), 404, "Not Found\n")
}

func TestSendfile2(t *testing.T) {
	member := true
	h, err := protected(folder(t, "my_secret.txt"), func(*http.Request) bool { return member })
	if err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, get(h, "/"), 200, "", "X-Accel-Redirect", "/protected/my_secret.txt", "Content-Type", "text/plain; charset=utf-8")
	member = false
	wantAnswer(t, get(h, "/"), 403, "Forbidden\n", "X-Accel-Redirect", "")
}

func TestActiveStorage(t *testing.T) {
	objects := disk.New(folder(t, "xk9d"), nil)
	find := func(_ context.Context, id string) (blob, error) {
		if id != "17" {
			return blob{}, fs.ErrNotExist
		}
		return blob{"xk9d", "Photo.jpg", "image/jpeg"}, nil
	}
	keys, err := middleware.ParseKeys("links.keys", []byte("k1 "+strings.Repeat("ab", 32)+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	links := middleware.NewLinks(keys, nil)
	h := attachments(blobs(objects, find), links)
	for id, status := range map[string]int{"17": 200, "18": 404} {
		link, err := blobLink(links, id)
		if err != nil {
			t.Fatal(err)
		}
		if w := get(h, link); w.Code != status {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		} else if status == 200 {
			wantAnswer(t, w, 200, "xk9d", "Content-Disposition", `attachment; filename="Photo.jpg"`, "Content-Type", "image/jpeg")
		}
	}
	wantAnswer(t, get(h, "/blobs/17"), 403, "Forbidden\n")
}

func TestSymfony(t *testing.T) {
	h := invoice(folder(t, "2026/0017.pdf"))
	wantAnswer(t, get(h, "/"), 200, "2026/0017.pdf", "Cache-Control", "public, max-age=600",
		"Content-Disposition", `attachment; filename="Rechnung f_r M_rz.pdf"; filename*=UTF-8''Rechnung%20f%C3%BCr%20M%C3%A4rz.pdf`)
}
