package middleware_test

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A file and its variants are one download: Chrome asks for no coding when it goes on with a
// download that began in one, and neither does wget.
func TestVariantsAreOneDownload(t *testing.T) {
	files := iofs.New(fstest.MapFS{"a.css": file("the file itself"), "a.css.gz": file("gzip"), "a.css.br": file("br")}, nil)
	view := downloadview.StorageView{Storage: files, Key: downloadview.PathKey("/")}
	tagged := view
	tagged.Response.ETag = `"v1"`
	d := middleware.NewDigests(nil, nil)
	t.Cleanup(d.Close)
	variants := middleware.NewVariants(files, nil)
	for name, v := range map[string]downloadview.View{
		"Variants": variants.View(view), "with an entity tag": variants.View(tagged), "Digests": d.View(variants.View(view)),
	} {
		t.Run(name, func(t *testing.T) {
			l := countedLinks(memlease.New(nil), nil)
			h := l.Handler(downloadview.NewHandler(v, quiet))
			link := sign(t, l, "/a.css", middleware.Grant{Times: 1})
			for _, tt := range []struct {
				client, accepts, coding string
				status                  int
			}{
				{"192.0.2.1", "gzip, br", "br", 200},
				{"192.0.2.1", "gzip", "gzip", 200},
				{"192.0.2.1", "identity", "", 200},
				{"192.0.2.2", "gzip", "", 403},
			} {
				w := ask(h, http.MethodGet, link, tt.client, "Accept-Encoding", tt.accepts, "Want-Repr-Digest", "sha-256=1")
				if got := w.Header().Get("Content-Encoding"); w.Code != tt.status || got != tt.coding {
					t.Errorf("%s, %s: %d in %q, want %d in %q", tt.client, tt.accepts, w.Code, got, tt.status, tt.coding)
				}
			}
		})
	}
}

// A sizeless file tells its size only when it is open, as one of a server that answers HEAD
// without a length.
type sizeless struct{ content string }

func (f sizeless) describe(size int64) fs.FileInfo {
	return downloadview.Attributes{Size: size, ModTime: time.Unix(1_790_000_000, 0)}.FileInfo("a.css")
}

func (f sizeless) Name() string                              { return "a.css" }
func (f sizeless) Stat(context.Context) (fs.FileInfo, error) { return f.describe(-1), nil }

func (f sizeless) Open(context.Context) (fs.File, error) {
	return sizelessHandle{bytes.NewReader([]byte(f.content)), f}, nil
}

type sizelessHandle struct {
	*bytes.Reader
	of sizeless
}

func (h sizelessHandle) Stat() (fs.FileInfo, error) { return h.of.describe(h.Size()), nil }
func (sizelessHandle) Close() error                 { return nil }

// A file and its variant are one download also if the size of the file is known only when it
// is open.
func TestVariantOfUnknownSizeIsOneDownload(t *testing.T) {
	coded := &fstest.MapFile{Data: []byte("br"), Mode: 0o444, ModTime: time.Unix(1_795_000_000, 0)}
	variants := middleware.NewVariants(iofs.New(fstest.MapFS{"a.css.br": coded}, nil), nil)
	view := variants.View(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: sizeless{"the file itself"}}, nil
	}))
	l := countedLinks(memlease.New(nil), nil)
	h := l.Handler(downloadview.NewHandler(view, quiet))
	link := sign(t, l, "/a.css", middleware.Grant{Times: 1})
	for _, accepts := range []string{"br", "identity", "br"} {
		if w := ask(h, http.MethodGet, link, "192.0.2.1", "Accept-Encoding", accepts); w.Code != 200 {
			t.Errorf("%s: %d, want 200", accepts, w.Code)
		}
	}
}
