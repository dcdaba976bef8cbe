package spool_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// curl and wget go on with a download while the content grows, and see if it breaks off.
func TestClientsResumeWhileItGrows(t *testing.T) {
	for client, args := range map[string][]string{
		"curl": {"-sS", "-C", "-", "-o"},
		"wget": {"-q", "-c", "--tries=5", "--waitretry=0", "-O"},
	} {
		binary := testserver.Binary(t, client, "DOWNLOADVIEW_"+strings.ToUpper(client))
		for _, fails := range []bool{false, true} {
			name := client
			if fails {
				name += ", broken off"
			}
			t.Run(name, func(t *testing.T) {
				g := newGrowth(t, 100_000)
				file := filepath.Join(t.TempDir(), "report.csv")
				if err := os.WriteFile(file, g.want[:50_000], 0o600); err != nil {
					t.Fatal(err)
				}
				if fails && client == "wget" {
					args = slices.Replace(slices.Clone(args), 2, 3, "--tries=1")
				}
				cmd := exec.CommandContext(t.Context(), binary, append(slices.Clone(args), file, g.serve(t))...)
				var said bytes.Buffer
				cmd.Stdout, cmd.Stderr = &said, &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				began := <-g.began
				if got := began.Header.Get("Content-Range"); got != "bytes 50000-9007199254740991/*" {
					t.Errorf("%d, Content-Range %q, want a range while it grows", began.StatusCode, got)
				}
				if fails {
					g.fail()
				} else {
					g.goOn()
				}
				err := cmd.Wait()
				if fails {
					if err == nil {
						t.Errorf("it takes the part for the whole: %s", &said)
					}
					return
				}
				saved, readErr := os.ReadFile(file)
				if err := errors.Join(err, readErr); err != nil || !bytes.Equal(saved, g.want) {
					t.Errorf("%v, %d bytes, want the 100,000 of the content: %s", err, len(saved), &said)
				}
			})
		}
	}
}

// A proxy passes a range of growing content on, while it grows, or the client gets all of
// it.
func TestRangesWhileItGrowsBehindProxies(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			g := newGrowth(t, 100_000)
			app := httptest.NewServer(g.handler)
			t.Cleanup(app.Close)
			proxy := proxytest.Start(t, server, site.Site{Upstream: app.Listener.Addr().String()}, proxytest.Options{})
			status, field, from := http.StatusPartialContent, "bytes 50000-9007199254740991/*", 50_000
			if proxytest.KindOf(t, server).Traits.Requests.NoSizelessRanges {
				status, field, from = http.StatusOK, "", 0
			}
			ask := http.Header{"Range": {"bytes=50000-9007199254740991"}}
			go func() {
				<-g.began // some proxies pass the header on only with the body
				g.goOn()
			}()
			resp := proxy.Do(t, "GET", "/", ask)
			if got := resp.Header.Get("Content-Range"); resp.StatusCode != status || got != field {
				t.Errorf("%s, Content-Range %q; want %d, %q", resp.Status, got, status, field)
			}
			want := string(g.want[from:])
			// lighttpd adds the length if it has the whole body before it sends the header.
			if n := resp.ContentLength; n >= 0 && n != int64(len(want)) {
				t.Errorf("length %d, want none or %d", n, len(want))
			}
			if got := proxytest.Body(t, resp); got != want {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		})
	}
}
