package accel_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

func TestTo(t *testing.T) {
	for _, tt := range []struct {
		proxy             accel.Proxy
		destination, path string
		want              string // the location, or what the error says
	}{
		{accel.Nginx(), "/_other/", "a b.txt", "/_other/a%20b.txt"},
		{accel.Apache(), "/mnt", "a b.txt", "/mnt/a b.txt"},
		{accel.Nginx(), "/_other/", strings.Repeat("a", 3000), ""},
		{accel.Nginx(), "_other", "a", `destination "_other" does not begin with a slash`},
		{accel.Nginx(), "/_other/", "../a", `path "../a" has a segment ".."`},
		{accel.Nginx(), "/_other/", "", `path "" has a segment ""`},
		{accel.Nginx(), "/_other/", "a\x00", `path "a\x00" has`},
		{accel.Proxy{}, "/_other/", "a", "has no Name"},
	} {
		o, err := accel.To(tt.proxy, tt.destination, tt.path)
		if err != nil {
			if tt.want == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%q: error %v, want %q", tt.path, err, tt.want)
			}
			continue
		}
		w := httptest.NewRecorder()
		downloadview.Send(w, httptest.NewRequest("GET", "/", nil), downloadview.Response{
			File: downloadview.FromString("x.txt", "streamed", nil), Offloader: o, ETag: `"v1"`,
		})
		got := w.Header().Get("X-Accel-Redirect") + w.Header().Get("X-Sendfile")
		if got != tt.want || (w.Body.String() == "streamed") != (tt.want == "") {
			t.Errorf("%.20q: location %q and body %q, want %q", tt.path, got, w.Body, tt.want)
		}
	}
}
