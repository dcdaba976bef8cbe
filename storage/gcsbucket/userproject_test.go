package gcsbucket_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// A paying transport sees which requests name no project that pays for them.
type paying struct {
	http.Transport

	mu     sync.Mutex
	paid   int
	unpaid []string
}

func (p *paying) RoundTrip(r *http.Request) (*http.Response, error) {
	project := r.Header.Get("X-Goog-User-Project") // of the XML API
	if project == "" {
		project = r.URL.Query().Get("userProject")
	}
	p.mu.Lock()
	if project == "payer-1" {
		p.paid++
	} else {
		p.unpaid = append(p.unpaid, r.Method+" "+r.URL.Path)
	}
	p.mu.Unlock()
	return p.Transport.RoundTrip(r)
}

// Each request names the project, and so does a signed URL.
func TestUserProject(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "d/a", []byte("0123456789"))
	p := &paying{}
	s := gcsbucket.New(srv.NewClient(t, p), srv.Bucket, &gcsbucket.Options{UserProject: "payer-1", Signing: signing()})
	f := file(t, s, "d/a")
	if _, err := downloadview.Stat(t.Context(), f); err != nil {
		t.Error(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if h, err = downloadview.OpenRange(t.Context(), f, -3, 0); err != nil {
		t.Fatal(err)
	}
	h.Close()
	for _, err := range downloadview.List(t.Context(), s, "d") {
		if err != nil {
			t.Error(err)
		}
	}
	if ok, err := downloadview.Exists(t.Context(), s, "d/a"); err != nil || !ok {
		t.Errorf("Exists = %v, %v", ok, err)
	}
	if _, err := downloadview.TimesOf(t.Context(), s, "d/a"); err != nil {
		t.Error(err)
	}
	if err := downloadview.Save(t.Context(), s, "d/b", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	if err := downloadview.Delete(t.Context(), s, "d/b"); err != nil {
		t.Error(err)
	}
	if len(p.unpaid) > 0 || p.paid < 8 {
		t.Errorf("%d requests name the project, and these don't: %q", p.paid, p.unpaid)
	}

	signed, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("userProject"); got != "payer-1" {
		t.Errorf("the signed URL names the project %q", got)
	}
	if err := verify(http.MethodGet, signed); err != nil {
		t.Error(err)
	}
}
