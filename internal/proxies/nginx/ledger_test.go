package nginx_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/ledger"
)

// What nginx fetches from a store is logged with the application's ID, and not with one
// of the store; so are the store's errors. What the application sends itself isn't
// logged.
func TestNginxLogsFetchedFiles(t *testing.T) {
	for name, r := range map[string]site.Rule{"as it is": {}, "in pieces": {Cache: 1 << 20, Slice: 4}} {
		t.Run(name, func(t *testing.T) { wantLogged(t, r) })
	}
}

func wantLogged(t *testing.T, r site.Rule) {
	store := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(ledger.Field, "of-the-store")
		w.Header().Set("Etag", `"v1"`)
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	})
	r.Rule = accel.Rule{Name: "store", Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{}}
	path := filepath.Join(t.TempDir(), "downloads.log")
	proxy := proxytest.Start(t, "nginx", site.Site{
		Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/own" {
				w.Header().Set(ledger.Field, "own")
				return
			}
			fields := described("/_s3/")
			fields.Set(nginx.URLField, store.URL+r.URL.Path)
			fields.Set(ledger.Field, "of"+r.URL.Path)
			proxytest.Answer(fields)(w, r)
		}),
		Rules:  []site.Rule{r},
		Ledger: path,
	}, proxytest.Options{})
	for _, tt := range []struct {
		path, rang string
		status     int
	}{{"/own", "", 200}, {"/a", "", 200}, {"/a", "bytes=2-4", 206}, {"/a", "bytes=20-", 416}, {"/refused", "", 404}} {
		h := http.Header{}
		if tt.rang != "" {
			h.Set("Range", tt.rang)
		}
		resp := proxy.Do(t, "GET", tt.path, h)
		proxytest.Body(t, resp)
		if got := resp.Header[ledger.Field]; resp.StatusCode != tt.status || got != nil {
			t.Errorf("%s %s: %s, and the client sees the ID %q", tt.path, tt.rang, resp.Status, got)
		}
	}
	all := errors.New("all lines are there")
	var got []ledger.Part
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := ledger.Follow(ctx, path, ledger.Position{}, func(line []byte, _ ledger.Position) error {
		p, ok, err := ledger.ParseLine(line)
		if err != nil || !ok {
			t.Errorf("line %q: %v %v", line, ok, err)
		}
		if got = append(got, p); len(got) == 4 {
			return all
		}
		return nil
	}, &ledger.FollowOptions{Poll: time.Millisecond})
	if !errors.Is(err, all) {
		t.Errorf("reading the log: %v", err)
	}
	d := ledger.Download{Subject: "127.0.0.1", Name: "/_s3/"}
	want := []ledger.Part{
		{ID: "of/a", Download: d, Kind: ledger.Logged, Status: 200, Version: `"v1"`, Size: 10, Bytes: 10, Piece: ledger.Piece{End: 10}, Whole: true},
		{ID: "of/a", Download: d, Kind: ledger.Logged, Status: 206, Version: `"v1"`, Size: 10, Bytes: 3, Piece: ledger.Piece{Start: 2, End: 5}},
		{ID: "of/a", Download: d, Kind: ledger.Logged, Status: 416, Size: -1},
		{ID: "of/refused", Download: d, Kind: ledger.Logged, Status: 404, Size: -1},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ledger.Part{}, "Began", "Time")); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}
