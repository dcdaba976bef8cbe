package disk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
)

// A file whose size is said to be 0 is sent as far as it goes. It isn't handed over to a
// proxy, which would believe the size.
func TestFilesThatTellNoSize(t *testing.T) {
	s, err := disk.Open("/proc/sys/kernel", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	single, err := disk.File("/proc/sys/kernel/ostype")
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.File("ostype")
	if err != nil {
		t.Fatal(err)
	}
	var rules []downloadview.Offloader
	for _, p := range []accel.Proxy{accel.Nginx(), accel.Apache()} {
		a, err := accel.New(p, []accel.Rule{{Source: "/proc/sys/kernel/", Destination: "/_proc/"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, a)
	}
	for _, f := range []downloadview.File{single, key} {
		for _, o := range append(rules, nil) {
			srv := httptest.NewServer(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f, Offloader: o, CheckFirst: true}, nil
			}), nil))
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r, err := http.NewRequest(method, srv.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Range", "bytes=1-")
				resp, err := srv.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				want := "Linux\n"
				if method == http.MethodHead {
					want = ""
				}
				if err != nil || resp.StatusCode != http.StatusOK || string(body) != want || resp.Header.Get("ETag") != "" ||
					method == http.MethodHead && resp.ContentLength >= 0 {
					t.Errorf("%s: %s %v %q, %v, want %q without a length and a tag", method, resp.Status, resp.Header, body, err, want)
				}
			}
			srv.Close()
		}
	}
}
