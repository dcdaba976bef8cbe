package accel_test

import (
	"net/http"
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
		o, err := to(tt.proxy, tt.destination, tt.path)
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

// Without PassAll, the name is in Content-Disposition itself. The fields for the proxy
// are only for the proxy.
func TestToIsForItsProxy(t *testing.T) {
	from, err := accel.ParseFrom("10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	a, err := accel.New(accel.Nginx(), nil, &accel.Options{From: from})
	if err != nil {
		t.Fatal(err)
	}
	private, err := a.To(accel.Rule{Name: "archive", Destination: "/_other/", Headers: accel.PassAll, LimitRate: 1000}, "a")
	if err != nil {
		t.Fatal(err)
	}
	own, err := to(accel.Nginx(), "/_other/", "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		offloader downloadview.Offloader
		from      string
		want      map[string]string
		body      string
	}{
		{"own headers", own, "192.0.2.1:1", map[string]string{
			"X-Accel-Redirect": "/_other/a", "Content-Disposition": `attachment; filename="x.txt"`, "X-Download-Content-Disposition": "",
		}, ""},
		{"private headers", private, "10.1.2.3:1", map[string]string{
			"X-Accel-Redirect": "/_other/a", "X-Download-Content-Disposition": `attachment; filename="x.txt"`, "X-Accel-Limit-Rate": "1000",
		}, ""},
		{"past the proxy", private, "192.0.2.1:1", map[string]string{
			"X-Accel-Redirect": "", "Content-Disposition": `attachment; filename="x.txt"`,
		}, "streamed"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.from
		w := httptest.NewRecorder()
		downloadview.Send(w, r, downloadview.Response{File: downloadview.FromString("x.txt", "streamed", nil), Offloader: tt.offloader, ETag: `"v1"`})
		for name, want := range tt.want {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", tt.name, name, got, want)
			}
		}
		if got := w.Body.String(); got != tt.body {
			t.Errorf("%s: body %q, want %q", tt.name, got, tt.body)
		}
	}
	for _, tt := range []struct {
		rule accel.Rule
		want string
	}{
		{accel.Rule{Source: "/srv", Destination: "/_other/"}, `source "/srv"`},
		{accel.Rule{Destination: "/_other/", Signed: new(accel.Signed)}, "signed URLs"},
		{accel.Rule{Destination: "/_other/", LimitRate: -1}, "limit of -1"},
		{accel.Rule{Destination: "/_other/", Proxy: new(accel.Proxy)}, "has no Name"},
	} {
		if _, err := a.To(tt.rule, "a"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.rule, err, tt.want)
		}
	}
}

// As for the rules of an Accelerator, the outcome says why a file is streamed.
func TestToSaysWhyItStreams(t *testing.T) {
	from, err := accel.ParseFrom("10.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	a, err := accel.New(accel.Nginx(), nil, &accel.Options{From: from})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path, from string
		want       downloadview.Obstacle
	}{
		{"a", "10.1.2.3:1", ""},
		{"a", "192.0.2.1:1", downloadview.NotTheProxy},
		{strings.Repeat("a", 3000), "10.1.2.3:1", downloadview.OddName},
		{strings.Repeat("a", 3000), "192.0.2.1:1", downloadview.NotTheProxy},
	} {
		o, err := a.To(accel.Rule{Destination: "/_other/"}, tt.path)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.from
		var seen downloadview.Outcome
		h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: downloadview.FromString("x.txt", "streamed", nil), Offloader: o}, nil
		}), &downloadview.Options{Observer: func(_ *http.Request, o downloadview.Outcome) { seen = o }})
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen.Obstacle != tt.want {
			t.Errorf("%.20q from %s: obstacle %q, want %q", tt.path, tt.from, seen.Obstacle, tt.want)
		}
	}
}

// to hands every request over to p.
func to(p accel.Proxy, destination, path string) (downloadview.Offloader, error) {
	a, err := accel.New(p, nil, nil)
	if err != nil {
		return nil, err
	}
	return a.To(accel.Rule{Destination: destination}, path)
}
