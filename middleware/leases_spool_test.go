package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/spool"
	"github.com/downloadview/downloadview/storage/iofs"
)

// Spooled content is one download although it has another entity tag each time that it is
// made, and another time when it is complete: a client that tries again after making
// failed, and one that goes on when it is complete, also in another coding.
func TestSpooledContentIsOneDownload(t *testing.T) {
	broken := errors.New("the database is away")
	d := middleware.NewDigests(nil, nil)
	t.Cleanup(d.Close)
	coded := &fstest.MapFile{Data: []byte("coded"), Mode: 0o444, ModTime: time.Now().Add(time.Hour)}
	variants := middleware.NewVariants(iofs.New(fstest.MapFS{"a.csv.gz": coded}, nil), nil)
	for name, below := range map[string]downloadview.Middleware{
		"plain":    func(v downloadview.View) downloadview.View { return v },
		"Digests":  d.View,
		"Variants": variants.View,
		"both":     func(v downloadview.View) downloadview.View { return d.View(variants.View(v)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := spool.New(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			fails, leased := true, make(chan struct{}, 10)
			made := downloadview.FromFunc("a.csv", func(_ context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, "made of bytes\n"); err != nil {
					return err
				}
				if fails {
					<-leased
					return broken
				}
				return nil
			}, &downloadview.Attributes{Size: -1, ModTime: time.Unix(1_790_000_000, 0)})
			v := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
				return s.Response(r, spool.ID{Key: "a", Version: "7"}, downloadview.Response{File: made})
			})
			l := countedLinks(memlease.New(nil), &middleware.LeasesOptions{Observer: func(middleware.LeaseState, error) { leased <- struct{}{} }})
			h := l.Handler(downloadview.NewHandler(below(v), quiet))
			link := sign(t, l, "/a.csv", middleware.Grant{Times: 1})
			got := func(client, accepts string) int {
				defer func() {
					if p := recover(); p != nil && p != http.ErrAbortHandler {
						panic(p)
					}
				}()
				return ask(h, "GET", link, client, "Accept-Encoding", accepts, "Want-Repr-Digest", "sha-256=1").Code
			}
			got("192.0.2.1", "identity")
			fails = false
			for i, accepts := range []string{"gzip", "identity", "gzip", "identity"} {
				if status := got("192.0.2.1", accepts); status != 200 {
					t.Errorf("request %d, of %s: %d, want 200", i+1, accepts, status)
				}
				if err := s.Warm(t.Context(), spool.ID{Key: "a", Version: "7"}, made); err != nil && i > 0 {
					t.Fatal(err)
				}
			}
			if status := got("192.0.2.2", "identity"); status != 403 {
				t.Errorf("another client: %d, want 403", status)
			}
		})
	}
}
