package nginx_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/internal/testserver"
)

const piece = 64 << 10

// A tier is an edge with three cache nodes behind it, and two applications.
type tier struct {
	edge  *proxytest.Server
	nodes []*node
	apps  []*httptest.Server
}

// A node is a cache node. Its disk outlives it.
type node struct {
	*proxytest.Server
	site site.Site
	edit func(string) string
}

func (n *node) start(t *testing.T) {
	n.Server = proxytest.Start(t, "nginx", n.site, proxytest.Options{Edit: n.edit})
}

// kept returns how many answers of the store the node has on its disk.
func (n *node) kept(t *testing.T) int {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(n.site.Folder, "downloadview_1"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// startTier runs a tier whose applications hand over what sign returns. edit changes
// the printed configuration of the nodes; nil: nothing.
func startTier(t *testing.T, slice int64, sign func(*http.Request) (string, string), edit func(string) string) *tier {
	t.Helper()
	rules := []site.Rule{{
		Rule:  accel.Rule{Name: "store", Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{}},
		Cache: 1 << 30, Slice: slice,
	}}
	var one sync.Mutex
	app := signed(func(r *http.Request) (string, string) {
		one.Lock()
		defer one.Unlock()
		return sign(r)
	})
	tr := &tier{}
	for range 2 {
		s := httptest.NewServer(app)
		t.Cleanup(s.Close)
		tr.apps = append(tr.apps, s)
	}
	edge := &site.Tier{Role: "edge", Applications: []string{tr.apps[1].Listener.Addr().String()}}
	for _, host := range []string{"127.0.0.1", "127.0.0.1", ""} { // the last one listens on all addresses
		port := testserver.FreePort(t)
		n := &node{edit: edit, site: site.Site{
			Listen: fmt.Sprintf("%s:%d", host, port), Upstream: "127.0.0.1:1", Folder: t.TempDir(), Rules: rules,
			Tier: &site.Tier{Role: "cache", Edges: []string{"127.0.0.1"}},
		}}
		n.start(t)
		tr.nodes = append(tr.nodes, n)
		edge.Nodes = append(edge.Nodes, fmt.Sprintf("127.0.0.1:%d", port))
	}
	tr.edge = proxytest.Start(t, "nginx", site.Site{Upstream: tr.apps[0].Listener.Addr().String(), Rules: rules, Tier: edge}, proxytest.Options{})
	return tr
}

// Each object is fetched once, whatever is killed, but for the share of a killed node.
func TestTierKeepsObjects(t *testing.T) {
	store := s3test.Start(t)
	const objects = 30
	contents := make([][]byte, objects)
	for i := range contents {
		contents[i] = buckettest.Numbered(i, 2*piece+piece/2)
		store.Put(t, fmt.Sprintf("%d.bin", i), contents[i])
	}
	tr := startTier(t, piece, presigner(t, store), nil)
	store.Counter.Reset()
	round := func(what string, want int) {
		t.Helper()
		for i, content := range contents {
			resp := tr.edge.Do(t, "GET", fmt.Sprintf("/%d.bin", i), nil)
			if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusOK || body != string(content) {
				t.Fatalf("%s: object %d: %s, %d bytes, want the %d of the object", what, i, resp.Status, len(body), len(content))
			}
		}
		if got := len(store.Counter.Requests()); got != want {
			t.Errorf("%s: %d requests at the store, want %d", what, got, want)
		}
		store.Counter.Reset()
	}
	round("cold", 3*objects)
	round("again", 0)

	resp := tr.edge.Do(t, "GET", "/7.bin", http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", piece-5, piece+4)}})
	if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusPartialContent || body != string(contents[7][piece-5:piece+5]) {
		t.Errorf("range: %s %q, want that of the object", resp.Status, body)
	}
	if got := len(store.Counter.Requests()); got != 0 {
		t.Errorf("range in the middle: %d requests at the store, want 0", got)
	}

	killed := tr.nodes[0]
	share := killed.kept(t)
	if share == 0 || share == 3*objects {
		t.Fatalf("the node has %d of %d pieces, want a share", share, 3*objects)
	}
	killed.Process.Kill()
	round("a node is killed", share)
	round("after that", 0)

	tr.apps[0].Close()
	round("an application is killed", 0)

	killed.start(t)
	round("the node is back", 0)
	// What the node has, it needs no store for.
	has := 0
	for i := range objects {
		resp := killed.Do(t, "GET", "/_s3/", http.Header{
			nginx.URLField: {"http://127.0.0.1:1/"},
			nginx.KeyField: {fmt.Sprintf("s3://%s/%d.bin", store.Bucket, i)},
		})
		if resp.StatusCode == http.StatusOK && proxytest.Body(t, resp) == string(contents[i]) {
			has += 3
		}
	}
	if has != share {
		t.Errorf("the node is back with %d pieces, want the %d of its disk", has, share)
	}
}

// Of clients that want a cold object at once, one fetches each piece.
func TestTierHerd(t *testing.T) {
	for _, slice := range []int64{piece, 0} {
		t.Run(fmt.Sprint(slice), func(t *testing.T) {
			wantOneFetch(t, slice, func(store *s3test.Server) *proxytest.Server {
				return startTier(t, slice, presigner(t, store), nil).edge
			})
		})
	}
}

// If the store breaks off within a piece, a download has the right bytes up to where it
// ends.
func TestTierStoreBreaksOff(t *testing.T) {
	wantNoGap(t, func(sign func(*http.Request) (string, string)) *proxytest.Server {
		return startTier(t, piece, sign, nil).edge
	})
}

// A download from a node that is killed ends with the right bytes so far, and goes on
// from another node.
func TestTierResumes(t *testing.T) {
	store := s3test.Start(t)
	content := buckettest.Numbered(5, 32<<20)
	store.Put(t, "large.bin", content)
	tr := startTier(t, 1<<20, presigner(t, store), nil)
	resp := tr.edge.Do(t, "GET", "/large.bin", nil)
	got := make([]byte, 1<<20)
	if _, err := io.ReadFull(resp.Body, got); err != nil {
		t.Fatal(err)
	}
	holds := slices.IndexFunc(tr.nodes, func(n *node) bool { return n.kept(t) > 0 })
	if holds < 0 {
		t.Fatal("no node keeps anything")
	}
	tr.nodes[holds].Process.Kill()
	rest, err := io.ReadAll(resp.Body)
	got = append(got, rest...)
	if err == nil || !bytes.HasPrefix(content, got) {
		t.Fatalf("%d bytes, error %v; want the first bytes of the object, and an error", len(got), err)
	}
	resp = tr.edge.Do(t, "GET", "/large.bin", http.Header{"Range": {fmt.Sprintf("bytes=%d-", len(got))}, "If-Range": {resp.Header.Get("ETag")}})
	if resp.StatusCode != http.StatusPartialContent {
		t.Fatalf("resumed at %d: %s, want 206", len(got), resp.Status)
	}
	if got = append(got, proxytest.Body(t, resp)...); !bytes.Equal(got, content) {
		t.Errorf("%d bytes in two parts, want the %d of the object", len(got), len(content))
	}
}

// Pieces of two versions are not one download: it ends where the other version begins.
func TestTierTwoVersions(t *testing.T) {
	store := s3test.Start(t)
	old := buckettest.Numbered(1, 4*piece)
	store.Put(t, "a.bin", old)
	tr := startTier(t, piece, presigner(t, store), nil)
	if body := proxytest.Body(t, tr.edge.Do(t, "GET", "/a.bin", http.Header{"Range": {"bytes=0-9"}})); body != string(old[:10]) {
		t.Fatalf("%q, want the first bytes", body)
	}
	store.Put(t, "a.bin", buckettest.Numbered(2, 4*piece))
	body, err := io.ReadAll(tr.edge.Do(t, "GET", "/a.bin", nil).Body)
	if err == nil || !bytes.Equal(body, old[:piece]) {
		t.Errorf("%d bytes, error %v; want the piece of the old version that is kept, and an error", len(body), err)
	}
}

// While an object is replaced, a download is of one version, or breaks off.
func TestTierNewVersion(t *testing.T) {
	store := s3test.Start(t)
	versions := [][]byte{buckettest.Numbered(1, 4*piece), buckettest.Numbered(2, 4*piece)}
	store.Put(t, "a.bin", versions[0])
	tr := startTier(t, piece, presigner(t, store), soon)
	if body := proxytest.Body(t, tr.edge.Do(t, "GET", "/a.bin", nil)); body != string(versions[0]) {
		t.Fatalf("%d bytes, want those of the first version", len(body))
	}
	store.Put(t, "a.bin", versions[1])
	deadline := time.Now().Add(time.Minute)
	for i := 0; ; i++ {
		// A piece in the middle expires at another time than the rest.
		header := http.Header{}
		if i%2 == 0 {
			header.Set("Range", fmt.Sprintf("bytes=%d-%d", 2*piece, 2*piece+9))
		}
		resp := tr.edge.Do(t, "GET", "/a.bin", header)
		body, err := io.ReadAll(resp.Body)
		from := 2 * piece * (1 - i%2)
		one, two := bytes.HasPrefix(versions[0][from:], body), bytes.HasPrefix(versions[1][from:], body)
		if !one && !two || err == nil && i%2 == 1 && len(body) < len(versions[0]) {
			t.Fatalf("download %d: %s, %d bytes, error %v: of neither version, or too few", i, resp.Status, len(body), err)
		}
		if i%2 == 1 && err == nil && two {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the new version doesn't arrive")
		}
	}
}

// While the store is down, the nodes send what they have, also if it is old.
func TestTierStale(t *testing.T) {
	content := buckettest.Numbered(4, 4*piece)
	for _, slice := range []int64{piece, 0} {
		var down atomic.Bool
		origin := newStore(t, func(w http.ResponseWriter, r *http.Request) {
			if down.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("ETag", `"one"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})
		tr := startTier(t, slice, func(r *http.Request) (string, string) {
			return origin.URL + r.URL.Path, "s3://files" + r.URL.Path
		}, soon)
		proxytest.Body(t, tr.edge.Do(t, "GET", "/a.bin", nil))
		down.Store(true)
		origin.seen()
		deadline := time.Now().Add(time.Minute)
		for asked := false; !asked; asked = len(origin.seen()) > 0 {
			resp := tr.edge.Do(t, "GET", "/a.bin", nil)
			if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusOK || body != string(content) {
				t.Fatalf("slice %d: %s, %d bytes, want the %d of the copy", slice, resp.Status, len(body), len(content))
			}
			if time.Now().After(deadline) {
				t.Fatal("the copy doesn't get old")
			}
		}
		if resp := tr.edge.Do(t, "GET", "/b.bin", nil); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("slice %d: an object without a copy: %s, want 502", slice, resp.Status)
		}
	}
}

// soon makes nodes ask the store again after a second.
func soon(conf string) string {
	return strings.ReplaceAll(strings.ReplaceAll(conf, "206 10m;", "206 1s;"), "206 10s;", "206 1s;")
}

// A node answers its edges only.
func TestTierAllows(t *testing.T) {
	reached := newStore(t, func(http.ResponseWriter, *http.Request) {})
	tr := startTier(t, piece, func(*http.Request) (string, string) { return reached.URL, "" }, nil)
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	for _, path := range []string{"/", "/_s3/", "/downloadview_1/pieces", "/downloadview_1/fetch"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", tr.nodes[0].URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(nginx.URLField, reached.URL+"/secret")
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s from another address: %s, want 403 or 404", path, resp.Status)
		}
	}
	// Nor does it fetch by its own locations for an edge that asks for them by name.
	resp := tr.nodes[0].Do(t, "GET", "/downloadview_1/fetch", http.Header{nginx.URLField: {reached.URL + "/secret"}})
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the location for fetching: %s, want 404", resp.Status)
	}
	if got := reached.seen(); len(got) > 0 {
		t.Errorf("the store was asked for %s", got[0].URL)
	}
}

// The answers through a tier are those of the rest of this package's tests.
func TestTierAnswers(t *testing.T) {
	for _, slice := range []int64{piece, 0} {
		t.Run(fmt.Sprint(slice), func(t *testing.T) {
			wantAnswers(t, func(store *s3test.Server) *proxytest.Server {
				return startTier(t, slice, presigner(t, store), nil).edge
			})
		})
	}
}
