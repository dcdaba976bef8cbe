package middleware_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/iofs"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// variantsOf returns a view of s with variants.
func variantsOf(s downloadview.Storage, o *middleware.VariantsOptions) downloadview.View {
	view := downloadview.StorageView{Storage: s, Key: downloadview.PathKey("/")}
	return middleware.NewVariants(s, o).View(view)
}

// askFor answers a GET of target by v. fields are names and values for the request.
func askFor(v downloadview.View, target string, fields ...string) *http.Response {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	downloadview.NewHandler(v, nil).ServeHTTP(w, r)
	return w.Result()
}

func wantCoding(t *testing.T, resp *http.Response, coding, body string) {
	t.Helper()
	if got := resp.Header.Get("Content-Encoding"); got != coding {
		t.Errorf("Content-Encoding %q, want %q", got, coding)
	}
	if got := proxytest.Body(t, resp); got != body {
		t.Errorf("%s, body %q, want %q", resp.Status, got, body)
	}
}

func file(content string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(content), ModTime: variantTime}
}

// Looking for variants is bounded, and costs nothing if the client accepts none.
func TestVariantsLookOnlyWhereNeeded(t *testing.T) {
	s := storagetest.Count(iofs.New(fstest.MapFS{
		"a.css": file("the file itself"), "a.css.gz": file("gzip"), "b.css": file("alone"), "a.png": file("png"),
	}, nil))
	v := variantsOf(s, nil)
	for _, tt := range []struct {
		target, accepts string
		most            int64 // calls of Open and Stat to decide
	}{
		{"/a.css", "", 0},
		{"/a.css", "identity", 0},
		{"/a.css", "identity, gzip;q=0.5", 0},
		{"/a.css", "deflate", 0},
		{"/a.png", "gzip, br", 0},
		{"/a.css.gz", "gzip, br", 0},
		{"/a.css", "gzip", 2},
		{"/a.css", "br, zstd, gzip", 4},
		{"/b.css", "br, zstd, gzip", 3},
	} {
		s.Reset()
		r := httptest.NewRequest("GET", tt.target, nil)
		if tt.accepts != "" {
			r.Header.Set("Accept-Encoding", tt.accepts)
		}
		if _, err := v.Respond(r); err != nil {
			t.Fatal(err)
		}
		if c := s.Calls(); int64(c.Stat)+int64(c.Open) != tt.most {
			t.Errorf("%s with %q: %+v, want %d looks", tt.target, tt.accepts, c, tt.most)
		}
	}
}

// The file itself is sent if the variant goes away, or becomes stale, between the look
// and the opening.
func TestVariantsThatDisappear(t *testing.T) {
	for name, spoil := range map[string]func(files fstest.MapFS){
		"removed":  func(files fstest.MapFS) { delete(files, "a.css.br") },
		"outdated": func(files fstest.MapFS) { files["a.css.br"].ModTime = variantTime.Add(-time.Hour) },
		"a folder": func(files fstest.MapFS) { files["a.css.br"].Mode = fs.ModeDir | 0o755 },
		"grown":    func(files fstest.MapFS) { files["a.css.br"].Data = []byte("longer than the file itself") },
	} {
		for _, byteRange := range []string{"", "bytes=4-"} {
			t.Run(name+byteRange, func(t *testing.T) {
				files := fstest.MapFS{"a.css": file("the file itself"), "a.css.br": file("brotli")}
				inner := variantsOf(iofs.New(files, nil), nil)
				v := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
					resp, err := inner.Respond(r)
					spoil(files)
					return resp, err
				})
				fields := []string{"Accept-Encoding", "br"}
				want := "the file itself"
				if byteRange != "" {
					fields, want = append(fields, "Range", byteRange), want[4:]
				}
				resp := askFor(v, "/a.css", fields...)
				wantCoding(t, resp, "", want)
				if got := resp.Header.Get("Vary"); got != "Accept-Encoding" {
					t.Errorf("Vary %q, want Accept-Encoding", got)
				}
			})
		}
	}
}

// A store that fails is asked no more than once for variants, and the file is sent.
func TestVariantsOfFailingStore(t *testing.T) {
	s := iofs.New(fstest.MapFS{"a.css": file("the file itself")}, nil)
	asked := 0
	v := variantsOf(s, &middleware.VariantsOptions{
		Sibling: func(*http.Request, string, string) (downloadview.File, error) {
			asked++
			return nil, downloadview.ErrUpstream
		},
	})
	wantCoding(t, askFor(v, "/a.css", "Accept-Encoding", "br, gzip"), "", "the file itself")
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

// The entity tag of the view is for the file itself. A variant has its own one.
func TestVariantsHaveOwnTags(t *testing.T) {
	s := iofs.New(fstest.MapFS{"a.css": file("the file itself"), "a.css.br": file("brotli"), "a.css.gz": file("same64")}, nil)
	tagged := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := downloadview.StorageView{Storage: s, Key: downloadview.PathKey("/")}.Respond(r)
		resp.ETag = `"v1"`
		return resp.WithHeader("Vary", "Cookie"), err
	})
	v := middleware.NewVariants(s, nil).View(tagged)
	seen := map[string]string{}
	for _, accepts := range []string{"identity", "br", "gzip"} { // both variants have one size and one time
		resp := askFor(v, "/a.css", "Accept-Encoding", accepts)
		tag := resp.Header.Get("Etag")
		if other, ok := seen[tag]; ok || tag == "" {
			t.Errorf("%s has the tag %q, which %s has too", accepts, tag, other)
		}
		seen[tag] = accepts
		if got := strings.Join(resp.Header.Values("Vary"), ", "); got != "Cookie, Accept-Encoding" {
			t.Errorf("%s: Vary %q, want Cookie, Accept-Encoding", accepts, got)
		}
	}
	if seen[`"v1"`] != "identity" {
		t.Errorf("tags %v, want that of the view for the file itself", seen)
	}
}

// The middleware changes no header that requests share.
func TestVariantsShareNoHeader(t *testing.T) {
	shared := http.Header{"Vary": make([]string, 1, 4), "X-Own": {"a"}}
	shared["Vary"][0] = "Cookie"
	s := iofs.New(fstest.MapFS{"a.css": file("the file itself")}, nil)
	v := middleware.NewVariants(s, nil).View(downloadview.StorageView{
		Storage: s, Key: downloadview.PathKey("/"), Response: downloadview.Response{Header: shared},
	})
	askFor(v, "/a.css", "Accept-Encoding", "br").Body.Close()
	if got := shared["Vary"][:2]; got[1] != "" || len(shared["Vary"]) != 1 {
		t.Errorf("the shared Vary became %q", got)
	}
}

// The kernel can send a variant of a local file: its handle is that of the storage.
func TestVariantsKeepTheHandle(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.css", "the file itself")
	proxytest.Write(t, dir, "a.css.br", "brotli")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r := httptest.NewRequest("GET", "/a.css", nil)
	r.Header.Set("Accept-Encoding", "br")
	resp, err := variantsOf(disk.New(root, nil), nil).Respond(r)
	if err != nil {
		t.Fatal(err)
	}
	h, fi, err := resp.File.(interface {
		OpenStat(context.Context) (fs.File, fs.FileInfo, error)
	}).OpenStat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	plain, err := downloadview.Stat(t.Context(), resp.File)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := downloadview.AttributesOf(fi), downloadview.AttributesOf(plain); got.ContentEncoding != "br" || got.Size != want.Size {
		t.Errorf("%+v, want the coding br and size %d", got, want.Size)
	}
	if _, ok := h.(io.Seeker); !ok {
		t.Errorf("the handle %T can't seek", h)
	}
	inner, err := disk.New(root, nil).File("a.css.br")
	if err != nil {
		t.Fatal(err)
	}
	own, err := inner.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if got, want := reflect.TypeOf(h), reflect.TypeOf(own); got != want {
		t.Errorf("the handle is a %v, want the storage's own %v", got, want)
	}
}

// A function can say where variants are, and in which codings.
func TestVariantsByFunction(t *testing.T) {
	s := iofs.New(fstest.MapFS{"a.css": file("the file itself"), "dcz/a.css": file("by dictionary")}, nil)
	v := variantsOf(s, &middleware.VariantsOptions{
		Codings: []string{"dcz"},
		Sibling: func(_ *http.Request, key, coding string) (downloadview.File, error) {
			return s.File(coding + "/" + key)
		},
	})
	wantCoding(t, askFor(v, "/a.css", "Accept-Encoding", "gzip, dcz"), "dcz", "by dictionary")
	wantCoding(t, askFor(v, "/a.css", "Accept-Encoding", "gzip, br"), "", "the file itself")
}

func TestVariantsRefuseWrongOptions(t *testing.T) {
	for name, make := range map[string]func(){
		"nothing": func() { middleware.NewVariants(nil, nil) },
		"identity": func() {
			middleware.NewVariants(iofs.New(fstest.MapFS{}, nil), &middleware.VariantsOptions{Codings: []string{"identity"}})
		},
		"capitals": func() {
			middleware.NewVariants(iofs.New(fstest.MapFS{}, nil), &middleware.VariantsOptions{Codings: []string{"GZIP"}})
		},
		"a list": func() {
			middleware.NewVariants(iofs.New(fstest.MapFS{}, nil), &middleware.VariantsOptions{Codings: []string{"gzip, br"}})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			make()
		}()
	}
}

// A client that decodes gets the bytes of the file.
func TestVariantsAreDecodedByClients(t *testing.T) {
	const content = "a { color: red } /* a long comment, a long comment, a long comment, a long comment */"
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.css", content)
	z, err := os.Create(filepath.Join(dir, "a.css.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w := gzip.NewWriter(z)
	_, err = io.WriteString(w, content)
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	app := httptest.NewServer(downloadview.NewHandler(variantsOf(disk.New(root, nil), nil), nil))
	defer app.Close()
	resp, err := app.Client().Get(app.URL + "/a.css") // it asks for gzip and decodes it
	if err != nil {
		t.Fatal(err)
	}
	if got := proxytest.Body(t, resp); got != content || !resp.Uncompressed {
		t.Errorf("%q, decoded: %t; want the file, decoded", got, resp.Uncompressed)
	}
}

// Whatever a client sends, it gets the file, or a variant in a coding that it names.
func FuzzVariants(f *testing.F) {
	for _, accepts := range []string{"", "gzip, br;q=0.5", "*", "identity;q=0", "x-gzip", "gzip;q=1;q=0", "br;;q", ",;=", "GZIP;Q=.5"} {
		f.Add(accepts)
	}
	content := map[string]string{"": "the file itself", "br": "brotli", "zstd": "zstandard", "gzip": "gzip"}
	v := variantsOf(iofs.New(fstest.MapFS{
		"a.css": file(content[""]), "a.css.br": file(content["br"]), "a.css.zst": file(content["zstd"]), "a.css.gz": file(content["gzip"]),
	}, nil), nil)
	f.Fuzz(func(t *testing.T, accepts string) {
		resp := askFor(v, "/a.css", "Accept-Encoding", accepts)
		lower := strings.ToLower(accepts)
		if resp.StatusCode == http.StatusNotAcceptable {
			if !strings.Contains(lower, "identity") {
				t.Errorf("%q: 406, although it doesn't name identity", accepts)
			}
			return
		}
		coding := resp.Header.Get("Content-Encoding")
		if coding != "" && !strings.Contains(lower, coding) && !strings.Contains(lower, "*") {
			t.Errorf("%q: coding %q, which it doesn't name", accepts, coding)
		}
		if body := proxytest.Body(t, resp); resp.StatusCode != 200 || body != content[coding] {
			t.Errorf("%q: %s, %q in coding %q", accepts, resp.Status, body, coding)
		}
	})
}
