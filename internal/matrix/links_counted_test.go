package matrix_test

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// askedStore is a store of leases that counts the requests.
type askedStore struct {
	middleware.LeaseStore
	requests atomic.Int64
}

func (s *askedStore) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	s.requests.Add(1)
	return s.LeaseStore.Lease(ctx, q)
}

// Through each server, streamed, handed over and redirected: what needs no bytes is not
// counted, all requests of one client are one download, and another client is refused.
func TestCountedLinksThroughServers(t *testing.T) {
	const key = "a b.txt"
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, key))
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	srv := s3test.Start(t)
	srv.Put(t, key, []byte(content(key)))
	local := place{name: "disk", storage: disk.New(root, nil), source: "file://" + dir, dir: dir}
	bucket := place{name: "s3", storage: s3bucket.New(srv.Client, srv.Bucket, nil), source: "s3://" + srv.Bucket}

	keys, err := middleware.ParseKeys("links.keys", []byte("a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"))
	if err != nil {
		t.Fatal(err)
	}
	store := &askedStore{LeaseStore: memlease.New(nil)}
	links := middleware.NewLinks(keys, &middleware.LinksOptions{
		ClientIP: func(r *http.Request) netip.Addr {
			ip, _ := netip.ParseAddr(r.Header.Get("Client"))
			return ip
		},
		Leases: middleware.NewLeases(store, nil),
	})
	for _, server := range proxies.Servers() {
		places := []place{local}
		if proxytest.KindOf(t, server).Accel().URLField != "" {
			places = append(places, bucket)
		}
		s := newSiteBelow(t, server, places, links.Handler, nil)
		for _, p := range places {
			modes := map[string]downloadview.Mode{"stream": downloadview.Streamed, "offload": downloadview.Offloaded, "blind": downloadview.Offloaded}
			if p.dir == "" {
				modes["redirect"] = downloadview.Redirected
			}
			for mode, want := range modes {
				t.Run(server+"/"+p.name+"/"+mode, func(t *testing.T) {
					link, err := links.Sign("/"+mode+"/"+p.name+"/a%20b.txt", middleware.Grant{Expires: time.Now().Add(time.Hour), Times: 1})
					if err != nil {
						t.Fatal(err)
					}
					countedThrough(t, s, store, link, want)
				})
			}
		}
	}
}

func countedThrough(t *testing.T, s *site, store *askedStore, link string, want downloadview.Mode) {
	t.Helper()
	ask := func(client, method, field, value string) answer {
		t.Helper()
		s.forget()
		return admitted(t, s, method, link, http.Header{"Client": {client}, field: {value}})
	}
	whole, part := http.StatusOK, http.StatusPartialContent
	if want == downloadview.Redirected {
		whole, part = http.StatusFound, http.StatusFound
	}
	head := ask("192.0.2.1", "HEAD", "Accept", "*/*")
	tag := head.header.Get("Etag")
	if head.status != 200 || tag == "" {
		t.Fatalf("HEAD: %d, entity tag %q", head.status, tag)
	}
	before := store.requests.Load()
	for _, q := range []struct {
		field, value string
		status       int
	}{
		{"If-None-Match", tag, 304},
		{"If-Match", `"x"`, 412},
		{"Range", "bytes=1000000-", 416},
		{"Sec-Purpose", "prefetch", 403},
	} {
		if got := ask("192.0.2.1", "GET", q.field, q.value); got.status != q.status {
			t.Errorf("%s: %s: %d, want %d", q.field, q.value, got.status, q.status)
		}
	}
	if n := store.requests.Load() - before; n != 0 {
		t.Errorf("the store was asked %d times for answers without bytes", n)
	}
	for _, q := range []struct {
		client, field, value string
		status               int
	}{
		{"192.0.2.1", "Range", "bytes=0-4", part},
		{"192.0.2.1", "Range", "bytes=5-", part},
		{"192.0.2.1", "Accept", "*/*", whole},
		{"192.0.2.2", "Accept", "*/*", 403},
		{"192.0.2.2", "Range", "bytes=5-", 403},
		{"192.0.2.1", "Range", "bytes=-1", part},
	} {
		got := ask(q.client, "GET", q.field, q.value)
		if got.status != q.status || q.status != 403 && got.mode != want {
			t.Errorf("%s, %s: %s: %d by %v, want %d by %v", q.client, q.field, q.value, got.status, got.mode, q.status, want)
		}
		if q.status == 403 && got.body != "Forbidden\n" {
			t.Errorf("refused with %q", got.body)
		}
	}
}
