package remote_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/downloadtest"
	"github.com/downloadview/downloadview/storage/remote"
)

// invoices is an example in docs/parity.md.
func invoices(archive *url.URL, token string, allow remote.Allow) (http.Handler, error) {
	files, err := remote.New(archive, &remote.Options{
		Header: http.Header{"Authorization": {"Bearer " + token}},
		Allow:  allow, // beside the public Internet
	})
	if err != nil {
		return nil, err
	}
	view := downloadview.StorageView{
		Storage: files,
		Key: func(r *http.Request) (string, error) {
			return r.PathValue("id") + ".pdf", nil
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/invoices/{id}", downloadview.NewHandler(view, nil))
	return mux, nil
}

func TestParityRemote(t *testing.T) {
	var asked string
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path + " with " + r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/pdf")
		w.Write([]byte("%PDF"))
	}))
	defer origin.Close()
	archive, err := url.Parse(origin.URL + "/archive/")
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(origin.Listener.Addr().String())
	local := remote.Allow{Prefixes: []netip.Prefix{netip.PrefixFrom(addr.Addr(), 32)}, Ports: []uint16{addr.Port()}}
	for _, tt := range []struct {
		name  string
		allow remote.Allow
		want  downloadtest.Download
		asked string
	}{
		{"guarded", remote.Allow{}, downloadtest.Download{Status: http.StatusBadGateway}, ""},
		{"allowed", local, downloadtest.Download{Name: "7.pdf", Type: "application/pdf", Content: "%PDF"}, "/archive/7.pdf with Bearer t0ken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := invoices(archive, "t0ken", tt.allow)
			if err != nil {
				t.Fatal(err)
			}
			quiet := downloadview.UseOptions(&downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
			downloadtest.Check(t, downloadtest.Do(quiet(h), "GET", "/invoices/7"), tt.want)
			if asked != tt.asked {
				t.Errorf("asked for %q, want %q", asked, tt.asked)
			}
		})
	}
}
