package accel_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

func newAccelerator(t testing.TB, rules ...accel.Rule) *accel.Accelerator {
	t.Helper()
	a, err := accel.New(accel.Nginx(), rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func local(path string) downloadview.Source {
	return downloadview.Source{Scheme: "file", Path: path}
}

func TestMatchIgnoresOrder(t *testing.T) {
	rules := []accel.Rule{
		{Source: "/", Destination: "/_all/"},
		{Source: "/srv", Destination: "/_srv/"},
		{Source: "/srv/media", Destination: "/_media/"},
		{Source: "/srv/media/a/b", Destination: "/_deep/"},
	}
	shuffle := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		a := newAccelerator(t, rules...)
		for path, want := range map[string]string{
			"/etc/x":           "/_all/etc/x",
			"/srv":             "/_all/srv",
			"/srv/x":           "/_srv/x",
			"/srv/media":       "/_srv/media",
			"/srv/media/x":     "/_media/x",
			"/srv/media/a/b":   "/_media/a/b",
			"/srv/media/a/b/c": "/_deep/c",
		} {
			if got, ok := a.Match(local(path)); got != want || !ok {
				t.Errorf("%v: Match(%q) = %q, %v, want %q", rules, path, got, ok, want)
			}
		}
		shuffle.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	}
}

// The longest prefix decides even where it lies below a rule with longer and
// shorter neighbours, so that no length is skipped.
func TestMatchEveryLength(t *testing.T) {
	path := "/" + strings.Repeat("ab/", 20)
	var rules []accel.Rule
	for i := 3; i < len(path); i += 3 {
		rules = append(rules, accel.Rule{Source: path[:i], Destination: "/" + strings.Repeat("x", i)})
	}
	a := newAccelerator(t, rules...)
	for _, r := range rules {
		want := r.Destination + "/f"
		if got, _ := a.Match(local(r.Source + "/f")); got != want {
			t.Errorf("Match(%q) = %q, want %q", r.Source+"/f", got, want)
		}
	}
}

func TestOffload(t *testing.T) {
	a := newAccelerator(
		t,
		accel.Rule{Name: "media", Source: "/srv/media", Destination: "/_media/"},
		accel.Rule{Source: "s3://reports/2026/", Destination: "/_s3/", Headers: accel.PassSafety},
	)
	plain := downloadview.Terms{Tag: downloadview.NginxTag, Unfit: downloadview.OddRanges, RateField: "X-Accel-Limit-Rate"}
	vouched := downloadview.Terms{Unfit: downloadview.OddRanges, KeepsSafety: true, RateField: "X-Accel-Limit-Rate"}
	for _, tt := range []struct {
		name  string
		src   downloadview.Source
		want  downloadview.Handover
		terms downloadview.Terms
		ok    bool
	}{
		{"local", local("/srv/media/a b"), downloadview.Handover{
			Rule: "media", Field: "X-Accel-Redirect", Value: "/_media/a%20b",
		}, plain, true},
		{"bucket", downloadview.Source{Scheme: "s3", Host: "reports", Path: "2026/q1.pdf"}, downloadview.Handover{
			Rule: "s3://reports/2026/", Field: "X-Accel-Redirect", Value: "/_s3/q1.pdf",
		}, vouched, true},
		{"too long for the field", local("/srv/media/" + strings.Repeat("é", 400)), downloadview.Handover{Rule: "media", Obstacle: downloadview.OddName}, plain, true},
		{"no rule", local("/etc/passwd"), downloadview.Handover{}, downloadview.Terms{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := a.Offload(nil, tt.src)
			var terms downloadview.Terms
			if got.Terms != nil {
				terms = *got.Terms
			}
			got.Terms = nil
			if got != tt.want || ok != tt.ok {
				t.Errorf("Offload = %+v, %v, want %+v, %v", got, ok, tt.want, tt.ok)
			}
			if diff := cmp.Diff(tt.terms, terms); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			location, ok := a.Match(tt.src)
			if location != tt.want.Value || ok != (tt.want.Field != "") {
				t.Errorf("Match = %q, %v, want what Offload says: %q, %v", location, ok, tt.want.Value, tt.want.Field != "")
			}
		})
	}
}

func TestLongestLocation(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Source: "/srv", Destination: "/_media/"})
	for _, tt := range []struct {
		rest string
		ok   bool
	}{
		{strings.Repeat("a", 2048-8), true},
		{strings.Repeat("a", 2048-8+1), false},
		{strings.Repeat("a", 2048-8-3) + " ", true},
		{strings.Repeat("a", 2048-8-2) + " ", false},
	} {
		location, ok := a.Match(local("/srv/" + tt.rest))
		if ok != tt.ok || ok && len(location) > 2048 {
			t.Errorf("Match of %d bytes = %d bytes, %v, want %v", len(tt.rest), len(location), ok, tt.ok)
		}
	}
}

func TestMiddleware(t *testing.T) {
	inner := newAccelerator(t)
	outer := newAccelerator(t)
	fails := errors.New("refused")
	for _, tt := range []struct {
		name string
		resp downloadview.Response
		err  error
		wrap func(downloadview.View) downloadview.View
		want downloadview.Offloader
	}{
		{"set where nil", downloadview.Response{}, nil, outer.Middleware, outer},
		{"inner wins", downloadview.Response{}, nil, func(v downloadview.View) downloadview.View {
			return outer.Middleware(inner.Middleware(v))
		}, inner},
		{"view opts out", downloadview.Response{Offloader: downloadview.NeverOffload}, nil, outer.Middleware, downloadview.NeverOffload},
		{"an error stays alone", downloadview.Response{}, fails, outer.Middleware, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.wrap(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return tt.resp, tt.err
			}))
			resp, err := v.Respond(nil)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if resp.Offloader != tt.want {
				t.Errorf("Offloader %v, want %v", resp.Offloader, tt.want)
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Source: "/srv/media", Destination: "/_media/"})
	for name, tt := range map[string]struct {
		src  downloadview.Source
		want float64
	}{
		"plain":    {local("/srv/media/2026/report.pdf"), 1},
		"escaped":  {local("/srv/media/2026/Übersicht 100%.pdf"), 1},
		"no match": {local("/srv/media-private/report.pdf"), 0},
		"too long": {local("/srv/media/" + strings.Repeat("é", 400)), 0},
	} {
		if got := testing.AllocsPerRun(100, func() { a.Offload(nil, tt.src) }); got != tt.want {
			t.Errorf("%s: %v allocations, want %v", name, got, tt.want)
		}
	}
}
