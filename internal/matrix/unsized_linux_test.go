package matrix_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/spf13/afero"
	"gocloud.dev/blob/fileblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/aferofs"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A file whose size is said to be 0 is sent as far as it goes. It isn't handed over to a
// proxy, which would believe the size.
func TestFilesThatTellNoSize(t *testing.T) {
	const dir = "/proc/sys/kernel"
	src := downloadview.Source{Scheme: "file", Path: dir + "/"}
	local, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	files := map[string]downloadview.File{}
	for name, s := range map[string]downloadview.Storage{
		"disk":    local,
		"aferofs": aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), dir), &aferofs.Options{Source: src}),
		"iofs":    iofs.New(os.DirFS(dir), &iofs.Options{Source: src}),
		"gocloud": gocloud.New(bucket, &gocloud.Options{Source: src}),
	} {
		if files[name], err = s.File("ostype"); err != nil {
			t.Fatal(err)
		}
	}
	if files["single"], err = disk.File(dir + "/ostype"); err != nil {
		t.Fatal(err)
	}
	proxies := map[string]downloadview.Offloader{"no proxy": nil}
	for _, p := range []accel.Proxy{accel.Nginx(), accel.Apache()} {
		if proxies[p.Name], err = accel.New(p, []accel.Rule{{Source: dir, Destination: "/_proc/"}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range files {
		for proxy, o := range proxies {
			srv := httptest.NewServer(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f, Offloader: o, CheckFirst: true}, nil
			}), nil))
			for method, want := range map[string]string{http.MethodGet: "Linux\n", http.MethodHead: ""} {
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
				told := resp.Request.Method == http.MethodHead && resp.ContentLength >= 0 // net/http knows that of a short body
				if err != nil || resp.StatusCode != http.StatusOK || string(body) != want || resp.Header.Get("ETag") != "" || told {
					t.Errorf("%s, %s: %s %s, %v %q, %v; want %q, and neither a length nor a tag", name, proxy, method, resp.Status, resp.Header, body, err, want)
				}
			}
			srv.Close()
		}
	}
}
