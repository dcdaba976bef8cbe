package matrix_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// Two stores have a bucket of the same name with an object of the same key. Each client
// gets the object of its store, also from nginx's cache, which is shared by both stores
// and by all processes of the application.
func TestStoresWithBucketsOfOneName(t *testing.T) {
	stores := map[string]*s3test.Server{"one": s3test.Start(t), "two": s3test.Start(t)}
	for name, s := range stores {
		s.Put(t, "a b.txt", []byte("of store "+name))
	}
	// The second process doesn't know what the first one has signed.
	var process [2]http.Handler
	for i := range process {
		a, err := accel.New(accel.Nginx(), []accel.Rule{{
			Source: "s3://" + stores["one"].Bucket, Destination: "/_s3/", Headers: accel.PassAll, Signed: new(accel.Signed),
		}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		storages := map[string]downloadview.Storage{}
		for name, s := range stores {
			storages[name] = resume.New(s3bucket.New(s.Client, s.Bucket, nil), nil)
		}
		process[i] = downloadview.NewHandler(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
			f, err := storages[name].File(key)
			return downloadview.Response{File: f, Offloader: a, CheckFirst: r.URL.Query().Has("look")}, err
		}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
	}
	var now int
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { process[now].ServeHTTP(w, r) }))
	defer app.Close()
	proxy := proxytest.Start(t, "nginx", printed.Site{
		Upstream: app.Listener.Addr().String(),
		Rules:    []printed.Rule{{Rule: accel.Rule{Name: "s3", Source: "s3://files/", Destination: "/_s3/", Signed: &accel.Signed{}}, Cache: 1 << 20}},
	}, proxytest.Options{})
	get := func(name, query string) string {
		t.Helper()
		return proxytest.Body(t, proxy.Do(t, "GET", "/"+name+"/a%20b.txt"+query, nil))
	}

	for _, query := range []string{"", "?look"} {
		for now = range process {
			for _, s := range stores {
				s.Counter.Reset()
			}
			for range 2 {
				for name := range stores {
					if got, want := get(name, query), "of store "+name; got != want {
						t.Errorf("%s by process %d: %q, want %q", name+query, now, got, want)
					}
				}
			}
			for name, s := range stores {
				gets := 0
				for _, r := range s.Counter.Requests() {
					if r.Operation == "GetObject" {
						gets++
					}
				}
				if gets != 1-now {
					t.Errorf("%s by process %d: %d objects fetched, want %d: the rest is in the cache", name+query, now, gets, 1-now)
				}
			}
		}
	}

	// If the application looks at the object, its version is used.
	stores["one"].Put(t, "a b.txt", []byte("another content"))
	if got := get("one", "?look"); got != "another content" {
		t.Errorf("%q after the object was replaced, want what is there", got)
	}
}
