package nginx_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// An edge says how a download went only if the doctor asks about a file of its own. On
// an error page it does so only if the application has looked at the file.
func TestTierTells(t *testing.T) {
	const doctors = "/.downloadview-doctor-abcdefghijklmnopqrstuvwxyz/a.txt"
	origin := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Downloadview-Tier", "the store's")
		w.Header().Set("X-Download-Node", "the store's")
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("object"))
	})
	for _, slice := range []int64{piece, 0} {
		looked := false
		tr := startTier(t, slice, func(r *http.Request) (string, string) {
			key := "s3://files" + r.URL.EscapedPath()
			if looked {
				key += "#%22tag%22"
			}
			return origin.URL + r.URL.EscapedPath(), key
		}, nil)
		asks := http.Header{"X-Downloadview-Doctor": {"1"}}
		for _, tt := range []struct {
			name, path string
			header     http.Header
			looked     bool
			tells      bool
		}{
			{"a file of the doctor", doctors, asks, true, true},
			{"without a look", doctors, asks, false, true},
			{"a missing file, after a look", doctors + "/missing", asks, true, true},
			{"a missing file, without a look", doctors + "/missing", asks, false, false},
			{"a missing file with the mark in its name", doctors + "%23%22/missing", asks, false, false},
			{"a file of the doctor, for another client", doctors, nil, true, false},
			{"another file", "/a.txt", asks, true, false},
			{"the internal location", "/_s3/", asks, false, false},
			{"a folder with another name", "/.downloadview-doctor-abc/a.txt", asks, true, false},
		} {
			looked = tt.looked
			resp := tr.edge.Do(t, "GET", tt.path, tt.header.Clone())
			proxytest.Body(t, resp)
			p, ok := nginx.Room.Passage(resp.Header)
			if ok != tt.tells || resp.Header.Get("X-Download-Node") != "" || !tt.tells && resp.Header.Get("X-Downloadview-Tier") != "" {
				t.Errorf("slice %d, %s: %s, %v, want that the edge tells: %v", slice, tt.name, resp.Status, resp.Header, tt.tells)
			}
			if !tt.tells {
				continue
			}
			if p.Edge != p.AtNode || p.Edge.Slice != slice || resp.StatusCode == http.StatusOK && p.Slice != slice || p.Cached == "" || p.Node.Addr == "" || p.Application.Addr == "" || p.Node.Date.IsZero() || p.Application.Date.IsZero() {
				t.Errorf("slice %d, %s: %+v", slice, tt.name, p)
			}
		}
		if strings.Contains(tr.edge.Process.Log(), "uninitialized") {
			t.Errorf("slice %d: clients can fill the log of the edge", slice)
		}
	}
}
