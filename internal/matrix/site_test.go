package matrix_test

import (
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/afero"
	"gocloud.dev/blob/fileblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/storage/aferofs"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// longAgo is a modification time that is old enough for a strong entity tag.
var longAgo = time.Date(2024, 2, 29, 12, 30, 15, 0, time.UTC)

// A place is a storage with files, and the directory where proxies find them.
type place struct {
	name    string
	storage downloadview.Storage
	source  string // of the rule
	dir     string // where the proxy finds the files, "" for what it fetches by signed URLs
	names   []string
}

// places returns one storage of each kind that stores files on disk.
func places(t *testing.T) []place {
	t.Helper()
	dirs := map[string]string{}
	files := map[string][]string{}
	for name, has := range keeps {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		dirs[name] = dir
		for _, file := range names {
			if has(file) {
				files[name] = append(files[name], file)
				write(t, filepath.Join(dir, filepath.FromSlash(file)))
			}
		}
		write(t, filepath.Join(dir, "empty"))
	}
	root, err := os.OpenRoot(dirs["disk"])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	bucket, err := fileblob.OpenBucket(dirs["gocloud"], &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	local := func(name string) downloadview.Source {
		return downloadview.Source{Scheme: "file", Path: dirs[name]}
	}
	ofBucket := local("gocloud")
	ofBucket.Path += "/"
	storages := map[string]downloadview.Storage{
		"disk":    disk.New(root, nil),
		"afero":   aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), dirs["afero"]), &aferofs.Options{Source: local("afero")}),
		"gocloud": gocloud.New(bucket, &gocloud.Options{Source: ofBucket}),
	}
	var all []place
	for _, name := range []string{"disk", "afero", "gocloud"} {
		all = append(all, place{name, storages[name], dirs[name], dirs[name], files[name]})
	}
	return all
}

// keeps has a function for each storage that tells whether it stores a key under its
// own name.
var keeps = map[string]func(key string) bool{
	"disk":  func(string) bool { return true },
	"afero": utf8.ValidString,
	"gocloud": func(key string) bool { // fileblob gives the others names of their own
		return utf8.ValidString(key) && !strings.ContainsFunc(key, func(r rune) bool {
			return r < ' ' || strings.ContainsRune("<>:\"|?*\\", r)
		})
	},
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content(filepath.Base(path))), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
}

// content returns the content of a file, which depends on its name, so that no file can
// be taken for another.
func content(name string) string {
	if name == "empty" {
		return ""
	}
	return strings.Repeat("0123456789", 600) + name
}

// A site is an application behind one proxy. The first element of a request's
// path is the mode, "offload", "blind", "stream" or "redirect", the second the
// place, and the rest the key.
type site struct {
	proxy    *proxytest.Server
	outcomes chan downloadview.Outcome
}

func newSite(t *testing.T, server string, places []place) *site {
	t.Helper()
	return newSiteBelow(t, server, places, func(h http.Handler) http.Handler { return h }, nil)
}

// newSiteBelow is newSite with a middleware outside around the application and with
// header added by its view.
func newSiteBelow(t *testing.T, server string, places []place, outside func(http.Handler) http.Handler, header http.Header) *site {
	t.Helper()
	kind := proxytest.KindOf(t, server)
	proxy := kind.Accel()
	var conf printed.Site
	var rules, redirects []accel.Rule
	for _, p := range places {
		r := accel.Rule{Name: p.name, Source: p.source, Destination: p.dir, Headers: accel.PassAll}
		if kind.Locations {
			r.Destination = "/_" + p.name + "/"
		}
		if p.dir == "" {
			r.Signed = &accel.Signed{Hidden: []string{"owner"}}
			redirects = append(redirects, accel.Rule{
				Name: r.Name, Source: r.Source, Headers: accel.PassSafety,
				Signed: &accel.Signed{Redirect: http.StatusFound},
			})
		}
		rules = append(rules, r)
		conf.Rules = append(conf.Rules, printed.Rule{Rule: r, Directory: p.dir})
	}
	a, err := accel.New(proxy, rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := accel.New(proxy, redirects, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{outcomes: make(chan downloadview.Outcome, 1000)}
	storages := map[string]downloadview.Storage{}
	for _, p := range places {
		storages[p.name] = p.storage
	}
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		mode, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		name, key, _ := strings.Cut(rest, "/")
		resp, err := (downloadview.StorageView{
			Storage:  storages[name],
			Key:      func(*http.Request) (string, error) { return key, nil },
			Response: downloadview.Response{Offloader: a, CheckFirst: mode == "offload", Disposition: downloadview.Inline},
		}).Respond(r)
		if strings.HasPrefix(key, "forbidden") {
			return resp, os.ErrPermission
		}
		switch mode {
		case "stream":
			resp.Offloader = streamed{a}
		case "redirect":
			resp.Offloader = redirect
		}
		resp.Header = header
		return resp.WithHeader("Content-Language", "de").WithHeader("Vary", "Cookie"), err
	})
	app := httptest.NewServer(outside(downloadview.NewHandler(view, &downloadview.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) { s.outcomes <- o },
	})))
	t.Cleanup(app.Close)
	conf.Upstream = app.Listener.Addr().String()
	s.proxy = proxytest.Start(t, server, conf, proxytest.Options{})
	return s
}

// streamed streams the files that rules cover, with the proxy's entity tag, as the
// accelerator does for names that the header can't carry.
type streamed struct{ *accel.Accelerator }

func (s streamed) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	h, ok := s.Accelerator.Offload(r, src)
	h.Field = ""
	return h, ok
}

// An answer is the answer that a client got, and the mode in which it was sent.
type answer struct {
	status int
	header http.Header
	body   string
	mode   downloadview.Mode
}

func (s *site) get(t *testing.T, mode, place, key string, q request, tag string) answer {
	t.Helper()
	header := http.Header{}
	for i := 0; i < len(q.fields); i += 2 {
		header.Add(q.fields[i], strings.NewReplacer("TAG", tag, "DATE", longAgo.Format(http.TimeFormat)).Replace(q.fields[i+1]))
	}
	resp := s.proxy.Do(t, q.method, target(mode, place, key), header)
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatalf("%s of %q: %v", mode, key, err)
	}
	select {
	case o := <-s.outcomes:
		a := answer{resp.StatusCode, resp.Header, string(body), o.Mode}
		a.normalize(resp)
		return a
	case <-time.After(30 * time.Second):
		t.Fatal("the application got no request")
		return answer{}
	}
}

// forget discards the outcomes of other clients' requests.
func (s *site) forget() {
	for {
		select {
		case <-s.outcomes:
		default:
			return
		}
	}
}

// target returns the path of a request.
func target(mode, place, key string) string {
	segments := strings.Split(key, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return "/" + mode + "/" + place + "/" + strings.Join(segments, "/")
}

// normalize removes the parts that are different in every answer.
func (a *answer) normalize(resp *http.Response) {
	for _, key := range []string{"Date", "Server", "Connection", "Keep-Alive", "Via", "X-Cache"} {
		a.header.Del(key)
	}
	if resp.ContentLength >= 0 {
		a.header.Del("Content-Length") // the body is compared
	}
	if kind, params, err := mime.ParseMediaType(a.header.Get("Content-Type")); err == nil && kind == "multipart/byteranges" {
		a.header.Set("Content-Type", kind)
		a.body = parts(a.body, params["boundary"])
	}
	if a.status >= 400 {
		a.body = "" // each server has pages of its own
		a.header.Del("Content-Type")
	}
}

// parts returns the parts of a multipart body.
func parts(body, boundary string) string {
	var b strings.Builder
	r := multipart.NewReader(strings.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			return b.String() + err.Error()
		}
		content, err := io.ReadAll(p)
		fmt.Fprintf(&b, "%q %q: %q %v\n", p.Header.Get("Content-Type"), p.Header.Get("Content-Range"), content, err)
	}
}
