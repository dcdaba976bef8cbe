package doctor_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A tier is a setting with three cache nodes. Broken is the one in the middle.
type tier struct {
	*setting
	store  keptBucket
	rules  [3]site.Rule
	edges  [3][]string
	edits  [3]func(conf string) string
	nodes  []*proxytest.Server
	folder [3]string
	after  func(t *testing.T, tr *tier) // when all servers run
}

// A keptBucket is a bucket whose objects have names for caches, and another signature
// each time.
type keptBucket struct {
	bucket
	signed *atomic.Int64
}

type keptObject struct {
	object
	signed *atomic.Int64
}

func (b keptBucket) File(key string) (downloadview.File, error) {
	f, err := b.Storage.File(key)
	return keptObject{object{f, b.bucket}, b.signed}, err
}

func (o keptObject) Identity() (string, bool) {
	return o.bucket.base + "/" + strings.ReplaceAll(url.PathEscape(o.Name()), "%2F", "/"), true
}

func (o keptObject) SignedURL(ctx context.Context, so downloadview.SignOptions) (string, time.Time, error) {
	u, until, err := o.object.SignedURL(ctx, so)
	return fmt.Sprintf("%s&n=%d", u, o.signed.Add(1)), until, err
}

// Stat asks the bucket's host, as a storage does.
func (o keptObject) Stat(ctx context.Context) (fs.FileInfo, error) {
	u, _, err := o.object.SignedURL(ctx, downloadview.SignOptions{Method: http.MethodHead})
	if err != nil {
		return nil, err
	}
	resp, err := http.Head(u)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fs.ErrNotExist
	}
	fi, err := downloadview.Stat(ctx, o.File)
	return keptInfo{fi, resp.Header.Get("ETag")}, err
}

type keptInfo struct {
	fs.FileInfo
	tag string
}

func (i keptInfo) ETag() string { return i.tag }

const pieces = 64 << 10

// newTier returns a tier without faults. With slice 0, objects are kept whole.
func newTier(t *testing.T, slice int64) *tier {
	t.Helper()
	tr := &tier{setting: newSetting(t, "nginx")}
	tr.store = keptBucket{newBucket(t, tr.setting), new(atomic.Int64)}
	tr.view.CheckFirst = true
	tr.site.Rules[0].Cache, tr.site.Rules[0].Slice = 1<<30, slice
	for i := range tr.rules {
		tr.rules[i], tr.edges[i], tr.folder[i] = tr.site.Rules[0], []string{"127.0.0.1"}, t.TempDir()
	}
	tr.site.Tier = &site.Tier{Role: "edge"}
	return tr
}

// start runs the servers and returns the doctor's Setup for them.
func (tr *tier) start(t *testing.T) doctor.Setup {
	t.Helper()
	for i := range tr.rules {
		s := site.Site{
			Listen: fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t)), Upstream: "127.0.0.1:1", Folder: tr.folder[i],
			Rules: []site.Rule{tr.rules[i]}, Tier: &site.Tier{Role: "cache", Edges: tr.edges[i]},
		}
		tr.nodes = append(tr.nodes, proxytest.Start(t, "nginx", s, proxytest.Options{Edit: tr.edits[i]}))
	}
	if tr.site.Tier.Nodes == nil {
		for _, n := range tr.nodes {
			tr.site.Tier.Nodes = append(tr.site.Tier.Nodes, n.Addr)
		}
	}
	s := tr.startWith(t, tr.store)
	for _, n := range tr.nodes {
		s.Nodes = append(s.Nodes, n.Addr)
	}
	if tr.after != nil {
		tr.after(t, tr)
	}
	return s
}

func TestTierRight(t *testing.T) {
	for _, slice := range []int64{pieces, 0} {
		t.Run(fmt.Sprint(slice), func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, slice)
			report := run(t, tr.start(t), tr.dir)
			if !report.OK() {
				t.Error("a set-up that is right has failures")
			}
			for _, name := range []string{"tier-nodes", "tier-settings", "tier-kept", "tier-clock", "proxy-file", "whole-headers"} {
				if c := check(t, report, name); c.Result != doctor.OK {
					t.Errorf("%s: %+v, want ok", name, c)
				}
			}
			noSecrets(t, report)
		})
	}
}

// A tierBreakage is a tier with one mistake.
type tierBreakage struct {
	name   string
	broken func(t *testing.T, tr *tier)

	check         string
	result        doctor.Result
	cause, change string // parts of them; NODE is the address of the broken node
}

func middle(pairs ...string) func(*testing.T, *tier) {
	return func(t *testing.T, tr *tier) { tr.edits[1] = replace(t, pairs...) }
}

func TestTierBroken(t *testing.T) {
	for _, b := range []tierBreakage{
		{
			"a node is down", func(_ *testing.T, tr *tier) {
				tr.after = func(_ *testing.T, tr *tier) { tr.nodes[1].Process.Kill() }
			},
			"tier-nodes", doctor.Failed, "doesn't reach the cache node NODE: it is down", "start nginx on NODE",
		},
		{
			"the edge doesn't have a node", func(t *testing.T, tr *tier) {
				tr.edit = func(conf string) string {
					return replace(t, "server "+tr.nodes[1].Addr+" max_fails=1 fail_timeout=5s;", "")(conf)
				}
			},
			"tier-nodes", doctor.Failed, "the edge doesn't ask the cache node NODE", "add `server NODE`",
		},
		{
			"a node refuses the edge", func(_ *testing.T, tr *tier) { tr.edges[1] = []string{"10.0.0.2"} },
			"tier-nodes", doctor.Failed, "NODE refuses the edge", "`allow ADDRESS;`",
		},
		{
			"a node has other rules", func(_ *testing.T, tr *tier) { tr.rules[1].Destination = "/_other/" },
			"tier-nodes", doctor.Failed, "NODE has no location /_s3/", "--tier cache --listen NODE",
		},
		{
			"a node reads another field", middle("$http_x_download_url", "$http_x_url"),
			"tier-nodes", doctor.Failed, "doesn't reach the store", "error log of NODE",
		},
		{
			"a node doesn't reach the store", middle("proxy_pass $http_x_download_url;", "proxy_pass $http_x_download_url; proxy_bind 127.0.0.3; proxy_connect_timeout 1s; set $http_x_download_url http://127.0.0.1:1/;"),
			"tier-nodes", doctor.Failed, "doesn't reach the store", "resolver ADDRESS",
		},
		{
			"a node has an older configuration", middle("add_header X-Download-Node $downloadview_node always;", ""),
			"tier-settings", doctor.Failed, "is older than this version", "--tier cache --listen NODE",
		},
		{
			"a node has another slice", func(_ *testing.T, tr *tier) { tr.rules[1].Slice = 2 * pieces },
			"tier-settings", doctor.Failed, "pieces of another size", "`slice 65536;` in `location /_s3/` of NODE",
		},
		{
			"a node's slice was changed", middle("slice 65536;", "slice 131072;"),
			"tier-settings", doctor.Failed, "pieces of another size", "`slice 65536;` in `location /_s3/` of NODE",
		},
		{
			"a node has another rule", func(_ *testing.T, tr *tier) {
				signed := *tr.rules[1].Signed
				signed.Hidden = []string{"owner"}
				tr.rules[1].Signed = &signed
			},
			"tier-settings", doctor.Failed, "other settings for /_s3/", "same file and by the same version",
		},
		{
			"a node's key has the URL", func(t *testing.T, tr *tier) {
				tr.rule.Signed.Expiry = time.Second // then there is a new URL
				middle("proxy_cache_key $http_x_download_key$slice_range;", "proxy_cache_key $http_x_download_url$slice_range;")(t, tr)
			},
			"tier-kept", doctor.Failed, "its key has the signed URL in it", "`proxy_cache_key $http_x_download_key$slice_range;`",
		},
		{
			"a node's key is the same for all", middle("proxy_cache_key $http_x_download_key$slice_range;", "proxy_cache_key one$slice_range;"),
			"tier-nodes", doctor.Failed, "sends another file", "`proxy_cache_key $http_x_download_key$slice_range;`",
		},
		{
			"a cache can't be written", func(_ *testing.T, tr *tier) {
				tr.after = func(t *testing.T, tr *tier) { unwritable(t, filepath.Join(tr.folder[1], "downloadview_1")) }
			},
			"tier-nodes", doctor.Failed, "can't write", "`proxy_cache_path`",
		},
		{
			"a cache for pieces can't be written", func(_ *testing.T, tr *tier) {
				tr.after = func(t *testing.T, tr *tier) { unwritable(t, filepath.Join(tr.folder[1], "downloadview_1_pieces")) }
			},
			"tier-nodes", doctor.Failed, "can't write", "`proxy_cache_path`",
		},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, pieces)
			b.broken(t, tr)
			s := tr.start(t)
			node := strings.NewReplacer("NODE", tr.nodes[1].Addr)
			report := run(t, s, tr.dir)
			breakage{check: b.check, result: b.result, cause: node.Replace(b.cause), change: node.Replace(b.change)}.expect(t, report, tr.dir)
			noSecrets(t, report)
		})
	}
}

// The edge says nothing if it was printed by an older version.
func TestTierOlderEdge(t *testing.T) {
	t.Parallel()
	tr := newTier(t, pieces)
	tr.edit = replace(t, "add_header X-Downloadview-Tier $downloadview_tier;", "")
	report := run(t, tr.start(t), tr.dir)
	breakage{
		check: "tier-nodes", result: doctor.Warning, cause: "edge is older than this version", change: "`downloadview config nginx",
	}.expect(t, report, tr.dir)
}

// If the application streams, no cache node is asked.
func TestTierStreams(t *testing.T) {
	t.Parallel()
	tr := newTier(t, pieces)
	tr.streams = true
	s := tr.start(t)
	s.App = "" // else app-handover says so
	report := run(t, s, tr.dir)
	breakage{
		check: "proxy-sends", result: doctor.Warning, cause: "the application streams a file", change: "`downloadview explain`",
	}.expect(t, report, tr.dir)
	if c := check(t, report, "tier-nodes"); c.Result != doctor.NotApplicable || !strings.Contains(c.Detail, "see proxy-sends") {
		t.Errorf("%+v, want not applicable", c)
	}
}

// A download that failed once, for another reason, is no fault of a node, and the rest is
// checked.
func TestTierFailsOnce(t *testing.T) {
	t.Parallel()
	tr := newTier(t, pieces)
	var failed atomic.Bool
	tr.app = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/tier-0.txt") && !failed.Swap(true) {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	report := run(t, tr.start(t), tr.dir)
	if c := check(t, report, "proxy-file"); !failed.Load() || c.Result != doctor.OK || !report.OK() {
		t.Errorf("%+v, want ok", c)
	}
}

// If all nodes have the fault, it is theirs all the same.
func TestTierAllNodes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		broken func(tr *tier)
		cause  string
	}{
		{"refuse the edge", func(tr *tier) { tr.edges = [3][]string{{"10.0.0.2"}, {"10.0.0.2"}, {"10.0.0.2"}} }, "NODE refuses the edge"},
		{"down", func(tr *tier) {
			tr.after = func(_ *testing.T, tr *tier) {
				for _, n := range tr.nodes {
					n.Process.Kill()
				}
			}
		}, "doesn't reach the cache node NODE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, pieces)
			tt.broken(tr)
			s := tr.start(t)
			report := run(t, s, tr.dir)
			for _, node := range s.Nodes {
				breakage{
					check: "tier-nodes", result: doctor.Failed, cause: strings.ReplaceAll(tt.cause, "NODE", node), change: node,
				}.expect(t, report, tr.dir)
			}
		})
	}
}

// Without a look at files, the edge can't know whether a file is the doctor's, and says
// nothing of errors.
func TestTierBlind(t *testing.T) {
	for _, broken := range []bool{false, true} {
		t.Run(fmt.Sprint(broken), func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, pieces)
			tr.view.CheckFirst = false
			if broken {
				tr.edges[1] = []string{"10.0.0.2"}
			}
			report := run(t, tr.start(t), tr.dir)
			if !broken {
				if c := check(t, report, "tier-nodes"); c.Result != doctor.OK || !report.OK() {
					t.Errorf("%+v, want ok", c)
				}
				return
			}
			breakage{
				check: "tier-nodes", result: doctor.Failed, cause: tr.nodes[1].Addr + " refuses the edge, or has no location /_s3/", change: "`edges`",
			}.expect(t, report, tr.dir)
		})
	}
}

// A fault that is not of the nodes is not reported as one.
func TestTierOtherFault(t *testing.T) {
	for _, b := range []breakage{
		{
			"the edge doesn't reach the application", func(_ *testing.T, s *setting) { s.site.Upstream = "127.0.0.1:1" },
			"proxy-file", doctor.Failed, "doesn't reach the application", "proxy_pass",
		},
		{
			"the location is not internal", edits("    internal;\n", "\n"),
			"proxy-location", doctor.Failed, "every client can request", "`internal;` in `location /_s3/`",
		},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, pieces)
			b.broken(t, tr.setting)
			report := run(t, tr.start(t), tr.dir)
			b.expect(t, report, tr.dir)
		})
	}
}

// The clocks of applications and of nodes are compared, and the machines are named.
func TestTierClocks(t *testing.T) {
	t.Run("application", func(t *testing.T) {
		t.Parallel()
		tr := newTier(t, pieces)
		tr.app = clockAt(-150*time.Minute - 30*time.Second)
		s := tr.start(t)
		app := strings.TrimPrefix(s.App, "http://")
		s.App = "" // else app-clock fails, too
		breakage{
			check: "tier-clock", result: doctor.Failed, cause: "application " + app + " is 2h30m", change: "timedatectl",
		}.expect(t, run(t, s, tr.dir), tr.dir)
	})
	t.Run("application, seen before", func(t *testing.T) {
		t.Parallel()
		tr := newTier(t, pieces)
		tr.app = clockAt(-time.Hour)
		report := run(t, tr.start(t), tr.dir)
		if c := check(t, report, "tier-clock"); c.Result != doctor.NotApplicable || c.Detail != "app-clock failed, by as much" {
			t.Errorf("%+v, want not applicable", c)
		}
	})
	t.Run("cache node", func(t *testing.T) {
		t.Parallel()
		tr := newTier(t, pieces)
		// nginx takes the time from the kernel.
		var node *httptest.Server
		tr.edit = func(conf string) string {
			u, err := url.Parse(tr.nodes[1].URL)
			if err != nil {
				t.Fatal(err)
			}
			proxy := httputil.NewSingleHostReverseProxy(u)
			proxy.ModifyResponse = func(resp *http.Response) error {
				resp.Header.Set("Date", time.Now().Add(150*time.Minute+30*time.Second).UTC().Format(http.TimeFormat))
				return nil
			}
			node = httptest.NewServer(proxy)
			t.Cleanup(node.Close)
			return replace(t, "server "+tr.nodes[1].Addr+" ", "server "+node.Listener.Addr().String()+" ")(conf)
		}
		s := tr.start(t)
		s.Nodes[1] = node.Listener.Addr().String()
		breakage{
			check: "tier-clock", result: doctor.Failed, cause: "cache node " + s.Nodes[1] + " is 2h30m", change: "timedatectl",
		}.expect(t, run(t, s, tr.dir), tr.dir)
	})
}

// An edge that asks for the same file at different nodes is found.
func TestTierMoves(t *testing.T) {
	t.Parallel()
	tr := newTier(t, pieces)
	tr.edit = func(conf string) string {
		return replace(t, "hash $downloadview_key consistent;", "hash $request_id consistent;")(conf)
	}
	breakage{
		check: "tier-kept", result: doctor.Failed, cause: "different cache nodes for the same file", change: "`hash $downloadview_key consistent;`",
	}.expect(t, run(t, tr.start(t), tr.dir), tr.dir)
}

// Without canary files, nodes can't be asked.
func TestTierKey(t *testing.T) {
	t.Parallel()
	tr := newTier(t, pieces)
	s := tr.start(t)
	s.Key = writeKey(t, tr.dir)
	report := run(t, s, "")
	if c := check(t, report, "tier-nodes"); c.Result != doctor.NotApplicable || c.Detail != "needs canary files" || !report.OK() {
		t.Errorf("%+v, want not applicable", c)
	}
}

// A report of a set-up without cache nodes has nothing of them.
func TestNoTier(t *testing.T) {
	t.Parallel()
	s := newSetting(t, "nginx")
	report := run(t, s.start(t), s.dir)
	for _, c := range report.Checks {
		if c.Step == doctor.TierStep {
			t.Errorf("%+v, want no check of cache nodes", c)
		}
	}
}

// unwritable puts a file in place of a folder, so that even root can't write there.
func unwritable(t *testing.T, folder string) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
