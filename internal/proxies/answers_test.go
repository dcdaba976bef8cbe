package proxies_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// Several ranges are sent as separate parts, as one range, or as the whole file.
func TestServersSeveralRanges(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		resp := f.Send(t, "GET", f.Value("a.bin"), "Range", "bytes=0-1,5-6")
		body := proxytest.Body(t, resp)
		several := srv.Traits.Files.Several
		want := http.StatusPartialContent
		if several == room.AsWhole {
			want = http.StatusOK
		}
		if resp.StatusCode != want {
			t.Fatalf("%s, want %d", resp.Status, want)
		}
		if got := resp.Header.Values("Content-Disposition"); len(got) != 1 || got[0] != proxytest.Described["Content-Disposition"] {
			t.Errorf("Content-Disposition %q", got)
		}
		if several == room.AsWhole {
			if body != "0123456789" {
				t.Errorf("%q, want the whole file", body)
			}
			return
		}
		if several == room.AsOne {
			if got := resp.Header.Get("Content-Range"); got != "bytes 0-6/10" || body != "0123456" {
				t.Errorf("%q %q, want one range", got, body)
			}
			return
		}
		mediaType, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if err != nil || mediaType != "multipart/byteranges" {
			t.Fatalf("type %q, %v", mediaType, err)
		}
		parts := multipart.NewReader(strings.NewReader(body), params["boundary"])
		for _, want := range []string{"01 bytes 0-1/10", "56 bytes 5-6/10"} {
			p, err := parts.NextRawPart()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(p)
			if got := string(b) + " " + p.Header.Get("Content-Range"); err != nil || got != want {
				t.Errorf("part %q, %v, want %q", got, err, want)
			}
			if got := p.Header.Get("Content-Type"); got != proxytest.Described["Content-Type"] {
				t.Errorf("part of type %q", got)
			}
		}
		if _, err := parts.NextRawPart(); err != io.EOF {
			t.Errorf("after the last part: %v", err)
		}
	})
}

// A 304 has the same entity tag and date as the 200, whether they are the
// application's or the server's.
func TestServersNotModified(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		tag := f.Send(t, "GET", f.Value("a.bin")).Header.Get("Etag")
		resp := f.Send(t, "GET", f.Value("a.bin"), "If-None-Match", tag)
		if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s %q, want 304", resp.Status, body)
		}
		for name, want := range map[string]string{"Cache-Control": proxytest.Described["Cache-Control"], "Expires": proxytest.Described["Expires"], "Etag": tag} {
			if got := resp.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s %q, want %q once", name, got, want)
			}
		}
	})
}

// Many header fields and long ones get through, up to the largest header that the server
// accepts.
func TestServersLargeFields(t *testing.T) {
	const each = 4_000
	eachServer(t, func(t *testing.T, srv server) {
		fields := 8
		if largest := srv.Traits.Requests.LargestHeader; largest != 0 {
			fields = largest/each - 1
		}
		dir := t.TempDir()
		proxytest.Write(t, dir, "a.bin", "0123456789")
		f := &proxytest.Front{Server: nil, Kind: srv.Kind, Dir: dir}
		f.Server = proxytest.Start(t, srv.Name, site.Site{
			Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
				for i := range fields {
					w.Header().Set(fmt.Sprintf("X-Large-%d", i), strings.Repeat("x", each))
				}
				w.Header().Set(f.Field(), f.Value("a.bin"))
			}),
			Rules: []site.Rule{srv.Rule("media", "/_media/", dir)},
		}, proxytest.Options{})
		resp := f.Do(t, "GET", "/", nil)
		if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusOK || body != "0123456789" {
			t.Fatalf("%s %.50q, want the file", resp.Status, body)
		}
		if srv.Traits.Files.NamedFields {
			return
		}
		for i := range fields {
			if got := len(resp.Header.Get(fmt.Sprintf("X-Large-%d", i))); got != each {
				t.Errorf("field %d has %d bytes, want %d", i, got, each)
			}
		}
	})
}

// If the application isn't running, the error page says so, but doesn't show its
// address.
func TestServersWithoutApplication(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		dir := t.TempDir()
		proxytest.Write(t, dir, "a.bin", "0123456789")
		for _, upstream := range []string{"unix:" + filepath.Join(dir, "app.sock"), "127.0.0.1:1"} {
			proxy := proxytest.Start(t, srv.Name, site.Site{
				Upstream: upstream,
				Rules:    []site.Rule{srv.Rule("media", "/_media/", dir)},
			}, proxytest.Options{})
			f := &proxytest.Front{Server: proxy, Kind: srv.Kind, Dir: dir}
			resp := f.Send(t, "GET", f.Value("a.bin"), f.Field(), f.Value("a.bin"))
			body := proxytest.Body(t, resp)
			if resp.StatusCode != http.StatusBadGateway && resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: %s, want 502 or 503", upstream, resp.Status)
			}
			if strings.Contains(body, "app.sock") || strings.Contains(body, "127.0.0.1:1<") || strings.Contains(body, "0123456789") {
				t.Errorf("%s: the page says %q", upstream, body)
			}
			for name := range proxytest.Described {
				if got := resp.Header.Values(name); got != nil && name != "Content-Type" {
					t.Errorf("%s: %s %q, want none", upstream, name, got)
				}
			}
		}
	})
}
