package accel_test

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/nginxtest"
)

// watermarked changes the bytes, so it has no Unwrap: embedding the interface
// promotes Name and Open alone.
type watermarked struct{ downloadview.File }

func (f watermarked) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	if err != nil {
		return nil, err
	}
	return fstest.MapFS{"marked": {Data: append([]byte("marked: "), content...)}}.Open("marked")
}

// renamed leaves the bytes unchanged; its Unwrap says so.
type renamed struct {
	downloadview.File
	name string
}

func (f renamed) Name() string              { return f.name }
func (f renamed) Unwrap() downloadview.File { return f.File }

// hidden leaves the bytes unchanged, but has no source, so a proxy can't fetch them.
type hidden struct{ downloadview.File }

func (f hidden) Unwrap() downloadview.File         { return f.File }
func (hidden) Source() (downloadview.Source, bool) { return downloadview.Source{}, false }

func TestWhatIsSentInTheEnd(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	for _, key := range []string{"a.txt", "b.txt"} {
		if err := s.write(key, "content of "+key); err != nil {
			t.Fatal(err)
		}
	}
	files := storageView(t, s.dir)
	other, err := files.Storage.File("b.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*downloadview.Response)
		body   string
		want   func(*testing.T, downloadview.Outcome)
	}{
		{"as it is", func(*downloadview.Response) {}, "content of a.txt", wantOffloaded},
		{"renamed", func(r *downloadview.Response) { r.File = renamed{r.File, "c.txt"} }, "content of a.txt", wantOffloaded},
		{"renamed twice", func(r *downloadview.Response) { r.File = renamed{renamed{r.File, "c"}, "d"} }, "content of a.txt", wantOffloaded},
		{"watermarked", func(r *downloadview.Response) { r.File = watermarked{r.File} }, "marked: content of a.txt", wantStreamed},
		{"renamed after watermarking", func(r *downloadview.Response) {
			r.File = renamed{watermarked{r.File}, "c"}
		}, "marked: content of a.txt", wantStreamed},
		{"hidden", func(r *downloadview.Response) { r.File = hidden{r.File} }, "content of a.txt", wantStreamed},
		{"replaced", func(r *downloadview.Response) { r.File = other }, "content of b.txt", wantOffloaded},
		{"opted out", func(r *downloadview.Response) { r.Offloader = downloadview.NeverOffload }, "content of a.txt", wantStreamed},
	} {
		for _, place := range []string{"inside", "outside"} {
			t.Run(tt.name+"/"+place, func(t *testing.T) {
				change := func(r *http.Request) (downloadview.Response, error) {
					resp, err := files.Respond(r)
					tt.change(&resp)
					return resp, err
				}
				s.serve(change)
				s.outside.Store(nil)
				if place == "outside" {
					s.serve(files.Respond)
					s.outside.Store(&tt.change)
				}
				resp, body, o := s.get(t, "GET", "a.txt", nil)
				tt.want(t, o)
				if resp.StatusCode != http.StatusOK || body != tt.body {
					t.Errorf("%s %q, want 200 %q", resp.Status, body, tt.body)
				}
			})
		}
	}
}

// If the rule says that the configuration adds the safety headers, nginx sends types
// that may run scripts with these headers. Otherwise such files are streamed.
func TestSafetyHeaders(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	if err := s.write("page.html", "<script>alert(1)</script>"); err != nil {
		t.Fatal(err)
	}
	files := storageView(t, s.dir)
	files.Response.Disposition = downloadview.InlineActive
	s.serve(files.Respond)
	for _, mode := range modes {
		s.streams.Store(mode.streams)
		resp, _, o := s.get(t, "GET", "page.html", nil)
		mode.want(t, o)
		if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") {
			t.Errorf("%s: Content-Security-Policy %q, want a sandbox", mode.name, got)
		}
		if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q, want nosniff", mode.name, got)
		}
	}
	s.streams.Store(false)
	s.outside.Store(new(func(r *downloadview.Response) { r.Offloader = unsafely{r.Offloader} }))
	resp, _, o := s.get(t, "GET", "page.html", nil)
	wantStreamed(t, o)
	if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") {
		t.Errorf("where the rule does not vouch: Content-Security-Policy %q, want a sandbox", got)
	}
}

// unsafely hands over as a rule with PassDefault does.
type unsafely struct{ downloadview.Offloader }

func (u unsafely) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	h, ok := u.Offloader.Offload(r, src)
	h.Terms = &downloadview.Terms{Tag: h.Terms.Tag}
	return h, ok
}
