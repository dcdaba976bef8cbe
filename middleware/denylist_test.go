package middleware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
)

func TestRevokedLinks(t *testing.T) {
	d := NewDenylist(nil)
	l := NewLinks(mustKeys(t, "a "+secretA), &LinksOptions{Revoked: d.Revoked})
	end := time.Now().Add(time.Hour)
	links := map[string]string{
		"file": mustSign(t, l, "/a", Grant{Expires: end, ID: "17"}), "prefix": mustSignPrefix(t, l, "/a/", Grant{Expires: end, ID: "17"}) + "x",
		"another id": mustSign(t, l, "/a", Grant{Expires: end, ID: "18"}), "no id": mustSign(t, l, "/a", Grant{Expires: end}),
	}
	if err := d.Revoke("17", end); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]LinkReason{"file": LinkRevoked, "prefix": LinkRevoked, "another id": "", "no id": ""} {
		_, err := l.verify(httptest.NewRequest("GET", links[name], nil))
		if got := reasonOf(t, err); got != want {
			t.Errorf("%s: refused for %q, want %q", name, got, want)
		}
	}
	r := httptest.NewRequest("GET", "/a/x", nil)
	r.AddCookie(mustCookie(t, l, "/a/", Grant{Expires: end, ID: "17"}))
	_, err := l.verify(r)
	if got := reasonOf(t, err); got != LinkRevoked {
		t.Errorf("cookie: refused for %q", got)
	}
	if e, ok := errors.AsType[*LinkError](err); !ok || e.ID != "17" {
		t.Errorf("the error %v has no id", err)
	}
}

// Only who has a genuine link makes the store work.
func TestRevokedIsAskedForGenuineLinksOnly(t *testing.T) {
	asked := 0
	l := testLinks(t, &LinksOptions{Revoked: func(context.Context, string) (bool, error) { asked++; return false, nil }})
	link := mustSign(t, l, "/a", Grant{ID: "17"})
	for _, target := range []string{"/a", link + "x", strings.Replace(link, "/a", "/b", 1)} {
		if _, err := l.verify(httptest.NewRequest("GET", target, nil)); err == nil || asked > 0 {
			t.Errorf("%s: %v, the store was asked %d times", target, err, asked)
		}
	}
	if _, err := l.verify(httptest.NewRequest("GET", link, nil)); err != nil || asked != 1 {
		t.Errorf("%v, the store was asked %d times, want once", err, asked)
	}
}

// A store that can't be reached lets nobody in.
func TestRevokedThatCannotBeAsked(t *testing.T) {
	for _, cause := range []error{errors.New("no connection"), context.DeadlineExceeded, &downloadview.StatusError{Status: 404}} {
		var log strings.Builder
		l := testLinks(t, &LinksOptions{
			Revoked: func(context.Context, string) (bool, error) { return false, cause },
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		})
		link := mustSign(t, l, "/a", Grant{ID: "17"})
		quiet := &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}
		for kind, status := range map[string]int{
			"Handler": get(l.Handler(downloadview.NewHandler(testView(downloadview.Response{}), quiet)), "GET", link).Code,
			"View":    get(downloadview.NewHandler(l.View(testView(downloadview.Response{})), quiet), "GET", link).Code,
		} {
			if status != 503 {
				t.Errorf("%s, %v: %d, want 503", kind, cause, status)
			}
		}
		if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), cause.Error()) {
			t.Errorf("the log has no error %v: %s", cause, &log)
		}
		if _, err := l.verify(httptest.NewRequest("GET", link, nil)); !errors.Is(err, cause) {
			t.Errorf("error %v does not wrap the cause", err)
		}
	}
}

func TestDenylistForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDenylist(&DenylistOptions{Most: 3})
		revoked := func(id string) bool {
			t.Helper()
			is, err := d.Revoked(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		begin := time.Now()
		at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
		for id, end := range map[string]int{"a": 10, "b": 20, "c": 30, "over": -1} {
			if err := d.Revoke(id, at(end)); err != nil {
				t.Error(err)
			}
		}
		if err := d.Revoke("d", at(10)); err == nil || !strings.Contains(err.Error(), "the list is full, it has 3 ids") {
			t.Errorf("a fourth id: %v", err)
		}
		for id, end := range map[string]int{"a": 5, "b": 40} { // earlier is not a change
			if err := d.Revoke(id, at(end)); err != nil {
				t.Error(err)
			}
		}
		if revoked("d") || revoked("over") {
			t.Error("what was not taken is revoked")
		}
		for _, tt := range []struct {
			minutes int
			want    string
		}{{9, "true true true"}, {10, "false true true"}, {29, "false true true"}, {30, "false true false"}, {40, "false false false"}} {
			time.Sleep(time.Until(at(tt.minutes)))
			if got := fmt.Sprint(revoked("a"), " ", revoked("b"), " ", revoked("c")); got != tt.want {
				t.Errorf("after %d minutes %s, want %s", tt.minutes, got, tt.want)
			}
		}
		if err := d.Revoke("e", at(50)); err != nil || len(d.ids) != 1 || len(d.ends) != 1 {
			t.Errorf("%v, %d ids and %d ends, want the last one only", err, len(d.ids), len(d.ends))
		}
	})
}

// An id that is moved to a later time is not in the way of others.
func TestDenylistMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDenylist(&DenylistOptions{Most: 3})
		begin := time.Now()
		for _, tt := range []struct {
			id      string
			minutes int
		}{{"a", 10}, {"b", 20}, {"c", 30}, {"a", 40}} {
			if err := d.Revoke(tt.id, begin.Add(time.Duration(tt.minutes)*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(30 * time.Minute)
		for _, id := range []string{"d", "e"} {
			if err := d.Revoke(id, begin.Add(time.Hour)); err != nil {
				t.Errorf("after those of b and c: %v", err)
			}
		}
		if err := d.Revoke("f", begin.Add(time.Hour)); err == nil {
			t.Error("a fourth id is taken")
		}
	})
}

func TestDenylistRefuses(t *testing.T) {
	d := NewDenylist(nil)
	for _, err := range []error{d.Revoke("", time.Now().Add(time.Hour)), d.Revoke("a", time.Time{})} {
		if err == nil {
			t.Error("revoked nothing, or for no time, without an error")
		}
	}
}

func TestDenylistIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDenylist(nil)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(1, uint64(i)))
				for range 500 {
					id := fmt.Sprint(rnd.IntN(50))
					end := time.Now().Add(time.Duration(1+rnd.IntN(1000)) * time.Second)
					if err := d.Revoke(id, end); err != nil {
						t.Error(err)
					}
					if is, _ := d.Revoked(t.Context(), id); !is {
						t.Errorf("%s is not revoked", id)
					}
				}
			})
		}
		wg.Wait()
		time.Sleep(1000 * time.Second)
		if err := d.Revoke("last", time.Now().Add(time.Second)); err != nil || len(d.ids) != 1 {
			t.Errorf("%v, %d ids are left, want the last only", err, len(d.ids))
		}
	})
}
