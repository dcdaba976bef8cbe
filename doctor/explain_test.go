package doctor_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/storage/disk"
)

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		name   string
		rule   accel.Rule
		bucket bool
		key    string

		mode   string
		status int
		source string
		header map[string]string
		opens  int
	}{
		{
			name: "no rule", rule: accel.Rule{Name: "other", Source: "/srv/elsewhere", Destination: "/_media/"}, key: "a b.txt",
			mode: "stream", status: 200, source: "DIR/a b.txt",
			header: map[string]string{"Content-Length": "7", "Content-Disposition": `attachment; filename="a b.txt"`}, opens: 1,
		},
		{
			name: "nginx", rule: accel.Rule{Name: "media", Source: "DIR", Destination: "/_media/"}, key: "a b.txt",
			mode: "offload", status: 200, source: "DIR/a b.txt",
			header: map[string]string{"X-Accel-Redirect": "/_media/a%20b.txt"},
		},
		{
			name: "signed", rule: accel.Rule{Name: "s3", Source: "s3://bucket", Destination: "/_s3/", Signed: &accel.Signed{}}, bucket: true, key: "a b.txt",
			mode: "offload", status: 200, source: "s3://bucket/a b.txt",
			header: map[string]string{"X-Accel-Redirect": "/_s3/", "X-Download-Url": "https://bucket.test/a%20b.txt"},
		},
		{
			name: "redirect", rule: accel.Rule{Name: "s3", Source: "s3://bucket", Signed: &accel.Signed{Redirect: 302}}, bucket: true, key: "a b.txt",
			mode: "redirect", status: 302, source: "s3://bucket/a b.txt",
			header: map[string]string{"Location": "https://bucket.test/a%20b.txt"},
		},
		{
			name: "missing", rule: accel.Rule{Name: "other", Source: "/srv/elsewhere", Destination: "/_media/"}, key: "b.txt",
			mode: "stream", status: 404, source: "DIR/b.txt", opens: 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetting(t, "nginx")
			if err := os.WriteFile(filepath.Join(s.dir, "a b.txt"), []byte("content"), 0o600); err != nil {
				t.Fatal(err)
			}
			var n counts
			storage := downloadview.Storage(opening{s.storage(t), &n})
			if test.bucket {
				storage = bucket{Storage: s.storage(t), base: "https://bucket.test"}
			}
			s.rule = test.rule
			s.rule.Source = strings.ReplaceAll(s.rule.Source, "DIR", s.dir)
			a := s.accelerator(t, mustNamed(t, "nginx"))
			view := a.Middleware(downloadview.StorageView{Storage: storage, Key: func(*http.Request) (string, error) { return test.key, nil }})
			x := doctor.Explain(view, httptest.NewRequest("GET", "/", nil))

			if x.Key != test.key || x.Mode != test.mode || x.Status != test.status {
				t.Errorf("key %q, mode %q, status %d; want %q, %q, %d", x.Key, x.Mode, x.Status, test.key, test.mode, test.status)
			}
			if want := strings.ReplaceAll(test.source, "DIR", s.dir); x.Source != want {
				t.Errorf("source %q, want %q", x.Source, want)
			}
			wantRule := test.rule.Name
			if wantRule == "other" {
				wantRule = ""
			}
			if x.Rule != wantRule {
				t.Errorf("rule %q, want %q", x.Rule, wantRule)
			}
			for name, want := range test.header {
				if got := x.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if (x.Error != "") != (test.status >= 400) {
				t.Errorf("error %q with status %d", x.Error, test.status)
			}
			if n.opened != test.opens || n.read != 0 {
				t.Errorf("opened %d times, read %d times; want %d and 0", n.opened, n.read, test.opens)
			}
			j, err := json.Marshal(x)
			if err != nil || strings.Contains(string(j), secret) {
				t.Errorf("JSON %s, %v; want no signature in it", j, err)
			}
		})
	}
}

// Of a GET that is streamed, the header is the one that is sent. What the handler sets to
// break off the answer, of which Explain takes no body, is not in it.
func TestExplainOfAGetThatIsStreamed(t *testing.T) {
	s := newSetting(t, "caddy")
	if err := os.WriteFile(filepath.Join(s.dir, "a.txt"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	view := s.accelerator(t, mustNamed(t, "caddy")).Middleware(downloadview.StorageView{
		Storage: s.storage(t), Key: func(*http.Request) (string, error) { return "a.txt", nil },
	})
	r := httptest.NewRequest("GET", "/", nil)
	for _, ranges := range []string{"bytes=3-4", "bytes=0-0,5-6"} {
		r.Header.Set("Range", ranges)
		x := doctor.Explain(view, r)
		length, offloaded := x.Header.Get("Content-Length"), x.Mode == "offload"
		if offloaded == strings.Contains(ranges, ",") || len(length) > 3 || x.Header.Get("Content-Encoding") != "" || x.Error != "" {
			t.Errorf("%s: %+v", ranges, x)
		}
	}
}

// counts are how often files are opened and read.
type counts struct{ opened, read int }

type opening struct {
	downloadview.Storage
	n *counts
}

func (o opening) File(key string) (downloadview.File, error) {
	f, err := o.Storage.File(key)
	return opened{f, o.n}, err
}

type opened struct {
	downloadview.File
	n *counts
}

func (o opened) Open(ctx context.Context) (fs.File, error) {
	o.n.opened++
	h, err := o.File.Open(ctx)
	return reading{h, o.n}, err
}

type reading struct {
	fs.File
	n *counts
}

func (r reading) Read(p []byte) (int, error) {
	r.n.read++
	return r.File.Read(p)
}

func (o opened) Source() (downloadview.Source, bool) { return downloadview.SourceOf(o.File) }

// TestExplainRefusal: the explanation of a view that refuses has no file.
func TestExplainRefusal(t *testing.T) {
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{}, fs.ErrPermission
	})
	x := doctor.Explain(view, httptest.NewRequest("GET", "/", nil))
	if x.Status != http.StatusForbidden || x.Key != "" || x.Error == "" {
		t.Errorf("%+v, want 403 with an error and no key", x)
	}
}

// TestExplainNothing: a nil pointer is not a file, and an error of the view.
func TestExplainNothing(t *testing.T) {
	type file struct{ downloadview.File }
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: (*file)(nil)}, nil
	})
	x := doctor.Explain(view, httptest.NewRequest("GET", "/", nil))
	if x.Status != http.StatusInternalServerError || x.Key != "" || !strings.Contains(x.Error, "nil") {
		t.Errorf("%+v, want 500 with an error and no key", x)
	}
}

// TestExplainCookies: the values of cookies for the client are not in an explanation.
func TestExplainCookies(t *testing.T) {
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		resp := downloadview.Response{File: downloadview.FromBytes("a.txt", []byte("a"), nil)}
		return resp.WithHeader("Set-Cookie", "session="+secret), nil
	})
	x := doctor.Explain(view, httptest.NewRequest("GET", "/", nil))
	if got := x.Header.Get("Set-Cookie"); got != "session=…" {
		t.Errorf("Set-Cookie: %q, want its name alone", got)
	}
}

// In a live handler an abort may end the goroutine. The goroutine that calls Explain
// continues after every abort, and gets every other panic.
func TestExplainInAHandler(t *testing.T) {
	unsigned := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://bucket", Signed: &accel.Signed{Redirect: 302}}}, nil)
		return downloadview.Response{File: refusing{downloadview.FromString("a.txt", strings.Repeat("a", 10_000), nil)}, Offloader: a}, err
	})
	for name, view := range map[string]downloadview.ViewFunc{
		"the answer":         unsigned,
		"the view by panic":  func(*http.Request) (downloadview.Response, error) { panic(http.ErrAbortHandler) },
		"the view by an end": func(*http.Request) (downloadview.Response, error) { runtime.Goexit(); panic("not reached") },
		"a panic":            func(*http.Request) (downloadview.Response, error) { panic("fault") },
	} {
		t.Run(name, func(t *testing.T) {
			var panicked any
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var x doctor.Explanation
				func() {
					defer func() { panicked = recover() }()
					x = doctor.Explain(view, r)
				}()
				json.NewEncoder(w).Encode(x)
			}))
			defer srv.Close()
			resp, err := srv.Client().Get(srv.URL)
			if err != nil {
				t.Fatalf("%v, want an explanation", err)
			}
			defer resp.Body.Close()
			var x doctor.Explanation
			if err := json.NewDecoder(resp.Body).Decode(&x); err != nil {
				t.Errorf("%v, want an explanation", err)
			}
			if name == "a panic" {
				if panicked != "fault" {
					t.Errorf("panic %v, want the view's", panicked)
				}
				return
			}
			if panicked != nil || name != "the answer" && x.Error == "" {
				t.Errorf("panic %v, explanation %+v; want one that says it was aborted", panicked, x)
			}
			if name == "the answer" && (x.Status != 200 || x.Mode != "stream") {
				t.Errorf("explanation %+v, want the file streamed", x)
			}
		})
	}
}

// refusing is an object for which no URL can be signed.
type refusing struct{ downloadview.File }

func (refusing) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: "bucket", Path: "a.txt"}, true
}

// A gate that is asked would count the explanation as a download.
type countingGate struct{ asked *int }

func (g countingGate) Enter(*http.Request, downloadview.Delivery) (func(downloadview.Outcome), error) {
	*g.asked++
	return nil, nil
}

func TestExplainAsksNoGate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	if err := os.WriteFile(file, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	view := a.Middleware(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f, err := disk.File(file)
		return downloadview.Response{File: f}.WithGate(countingGate{&asked}), err
	}))
	for _, byteRange := range []string{"", "bytes=0-1"} { // with a range, the explanation is a GET
		r := httptest.NewRequest("GET", "/", nil)
		if byteRange != "" {
			r.Header.Set("Range", byteRange)
		}
		if x := doctor.Explain(view, r); x.Error != "" || x.Mode != "offload" {
			t.Errorf("%q: %+v", byteRange, x)
		}
	}
	if asked != 0 {
		t.Errorf("the gate was asked %d times", asked)
	}
}
