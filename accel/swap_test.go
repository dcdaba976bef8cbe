package accel_test

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/downloadview/downloadview/accel"
)

// While rules are swapped, every request sees the whole old set or the whole new one.
func TestSwapWhileServing(t *testing.T) {
	sets := [2][]accel.Rule{
		{{Name: "a", Source: "/srv", Destination: "/_old/"}, {Name: "b", Source: "/srv/in", Destination: "/_old/in/"}},
		{{Name: "c", Source: "/srv", Destination: "/_new/"}},
	}
	a := newAccelerator(t, sets[0]...)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			r := httptest.NewRequest("GET", "/", nil)
			for {
				select {
				case <-stop:
					return
				default:
				}
				h, ok := a.Offload(r, local("/srv/in/x"))
				seen := h.Rule + " " + h.Value
				if !ok || seen != "b /_old/in/x" && seen != "c /_new/in/x" {
					t.Errorf("handed over by %q, %v; want the old rule or the new", seen, ok)
					return
				}
			}
		})
	}
	for i := range 2000 {
		if err := a.Swap(sets[(i+1)%2]...); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	readers.Wait()
}

func TestSwapKeepsRulesOnError(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Source: "/srv", Destination: "/_media/"})
	err := a.Swap(accel.Rule{Source: "/srv", Destination: "/_new/"}, accel.Rule{Name: "bad", Source: "/mnt", Destination: "_x"})
	if err == nil || !strings.Contains(err.Error(), `rule "bad"`) {
		t.Errorf("error %v, want one that names the rule", err)
	}
	if got, _ := a.Match(local("/srv/x")); got != "/_media/x" {
		t.Errorf("location %q, want that of the old rule", got)
	}
	if err := a.Swap(); err != nil {
		t.Error(err)
	}
	if got, ok := a.Match(local("/srv/x")); ok {
		t.Errorf("location %q without rules", got)
	}
}

func TestRulesOfSeveralProxies(t *testing.T) {
	a := newAccelerator(
		t,
		accel.Rule{Source: "/srv", Destination: "/_media/"},
		accel.Rule{Source: "/srv/old", Destination: "/mnt/old", Proxy: new(accel.Apache())},
	)
	for path, want := range map[string]string{"/srv/a b": "X-Accel-Redirect: /_media/a%20b", "/srv/old/a b": "X-Sendfile: /mnt/old/a b"} {
		h, _ := a.Offload(nil, local(path))
		if got := h.Field + ": " + h.Value; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	_, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv", Destination: "/mnt", Proxy: &accel.Proxy{Name: "mine"}}}, nil)
	if err == nil || !strings.Contains(err.Error(), "mine") {
		t.Errorf("error %v, want one about the rule's own proxy", err)
	}
}
