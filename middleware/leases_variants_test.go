package middleware_test

import (
	"net/http"
	"testing"
	"testing/fstest"

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
