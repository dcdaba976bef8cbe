package middleware

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"
)

// A recorder is a store that only records.
type recorder struct{ asked []LeaseRequest }

func (s *recorder) Lease(_ context.Context, q LeaseRequest) (LeaseState, error) {
	s.asked = append(s.asked, q)
	return LeaseNew, nil
}

func (s *recorder) Complete(context.Context, string, string) error { return nil }

// The store gets names that tell nothing of the link and of the client, and what the
// interface promises.
func TestWhatTheStoreIsAsked(t *testing.T) {
	var s recorder
	l := testLinks(t, &LinksOptions{Leases: NewLeases(&s, &LeasesOptions{TTL: time.Minute})})
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "1") }))
	link := mustSign(t, l, "/secret/a", Grant{Times: 3, ID: "invoice", Expires: testNow.Add(time.Hour)})
	for _, addr := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1"} {
		r := httptest.NewRequest("GET", link, nil)
		r.RemoteAddr = addr
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(s.asked) != 3 || s.asked[0] != s.asked[1] || s.asked[2].ID != s.asked[0].ID || s.asked[2].Holder == s.asked[0].Holder {
		t.Fatalf("asked %+v, want one ID, and two holders", s.asked)
	}
	q := s.asked[0]
	if q.Times != 3 || q.TTL != time.Minute || q.Keep < time.Hour || q.Keep > 2*time.Hour || q.Provisional != 0 {
		t.Errorf("asked %+v", q)
	}
	name := regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	if !name.MatchString(q.ID) || !name.MatchString(q.Holder) || q.ID == q.Holder {
		t.Errorf("names %q and %q, want 22 characters of base64url", q.ID, q.Holder)
	}

	// The same client has another name at another link.
	other := mustSign(t, l, "/secret/b", Grant{Times: 3, ID: "invoice", Expires: testNow.Add(time.Hour)})
	r := httptest.NewRequest("GET", other, nil)
	r.RemoteAddr = "192.0.2.1:1"
	h.ServeHTTP(httptest.NewRecorder(), r)
	if last := s.asked[3]; last.ID == q.ID || last.Holder == q.Holder {
		t.Errorf("asked %+v, want other names than %+v", last, q)
	}
}

// A link without an id, which another program signed, is counted on its own.
func TestCountedLinkWithoutAnID(t *testing.T) {
	var s recorder
	all, keys := readVectors(t)
	counts := map[string]bool{}
	for _, v := range all.Links {
		if v.Reason != LinkCounted {
			continue
		}
		l := v.links(keys)
		l.o.Leases = NewLeases(&s, nil)
		g, err := l.verify(v.request(t))
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if _, err := g.claim.take(t.Context(), "", 0); err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		counts[s.asked[len(s.asked)-1].ID] = true
	}
	if len(counts) != len(s.asked) || len(counts) < 2 {
		t.Errorf("%d links have %d counts", len(s.asked), len(counts))
	}
}
