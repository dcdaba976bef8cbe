package downloadtest_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/downloadtest"
	"github.com/downloadview/downloadview/storage/storagetest"
)

var media = downloadtest.Storage{
	Files:  map[string]string{"a b.txt": "0123456789"},
	Source: downloadview.Source{Scheme: "file", Path: "/srv/media"},
}

func describe(t testing.TB, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func nginx(t testing.TB) *accel.Accelerator {
	t.Helper()
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Name: "media", Source: "/srv/media", Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestDecision(t *testing.T) {
	decided := func() downloadview.Response {
		return downloadview.Response{File: describe(t, media, "a b.txt"), Name: "Ä.txt", Offloader: nginx(t)}.
			WithHeader("X-Accel-Limit-Rate", "1024")
	}
	fine := downloadtest.Decision{
		Key: "a b.txt", Source: "/srv/media/a b.txt",
		Name: "Ä.txt", Disposition: downloadtest.Attachment, Type: "text/plain; charset=utf-8",
		Rule: "media", Location: "/_media/a b.txt", RawLocation: "/_media/a%20b.txt",
		Header: map[string]string{"X-Accel-Limit-Rate": "1024", "ETag": "", "Cache-Control": "private, no-cache"},
	}
	var r recorder
	downloadtest.CheckDecision(&r, decided(), fine)
	downloadtest.CheckDecision(&r, decided(), downloadtest.Decision{})
	r.want(t)

	for _, c := range []struct {
		name   string
		change func(*downloadview.Response)
		said   []string
	}{
		{"file", func(resp *downloadview.Response) { resp.File = describe(t, media, "b.txt") }, []string{
			`key: got "b.txt", want "a b.txt"`,
			`source: got "/srv/media/b.txt", want "/srv/media/a b.txt"`,
			`location: got "/_media/b.txt", want "/_media/a b.txt"`,
			`raw location: got "/_media/b.txt", want "/_media/a%20b.txt"`,
		}},
		{"no file", func(resp *downloadview.Response) { resp.File = nil }, []string{"file: got none"}},
		{"a nil file", func(resp *downloadview.Response) { resp.File = (*noFile)(nil) }, []string{"file: got a nil *downloadtest_test.noFile"}},
		{"source", func(resp *downloadview.Response) {
			resp.File = describe(t, downloadtest.Storage{}, "a b.txt")
		}, []string{
			`source: got none, want "/srv/media/a b.txt"`,
			`rule: got none, want "media"`,
			`location: got none, want "/_media/a b.txt"`,
			`raw location: got none, want "/_media/a%20b.txt"`,
		}},
		{"name", func(resp *downloadview.Response) { resp.Name = "" }, []string{`name: got "a b.txt", want "Ä.txt"`}},
		{"disposition", func(resp *downloadview.Response) { resp.Disposition = downloadview.Inline }, []string{
			// streamed: this rule doesn't pass on the safety fields of inline files
			`disposition: got "inline", want "attachment"`,
			`location: got none, want "/_media/a b.txt"`,
			`raw location: got none, want "/_media/a%20b.txt"`,
		}},
		{"type", func(resp *downloadview.Response) { resp.ContentType = "image/png" }, []string{`type: got "image/png", want "text/plain; charset=utf-8"`}},
		{"streamed", func(resp *downloadview.Response) { resp.Offloader = downloadview.NeverOffload }, []string{
			`rule: got none, want "media"`,
			`location: got none, want "/_media/a b.txt"`,
			`raw location: got none, want "/_media/a%20b.txt"`,
		}},
		{"rate", func(resp *downloadview.Response) { resp.Header = nil }, []string{`header X-Accel-Limit-Rate: got none, want "1024"`}},
		{"invalid", func(resp *downloadview.Response) { resp.ContentType = "png" }, []string{
			`response: can't be carried out: content type "png" of the view is no media type, such as "application/pdf"`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := decided()
			c.change(&resp)
			var r recorder
			downloadtest.CheckDecision(&r, resp, fine)
			r.want(t, c.said...)
		})
	}
}

func TestDecisionToStream(t *testing.T) {
	resp := downloadview.Response{File: describe(t, media, "a b.txt"), Offloader: nginx(t)}
	var r recorder
	downloadtest.CheckDecision(&r, resp, downloadtest.Decision{Streamed: true})
	r.want(t, `location: got "/_media/a b.txt" (X-Accel-Redirect), want it streamed`)
	resp.Offloader, resp.ETag = downloadview.NeverOffload, `"v1"`
	r = recorder{}
	downloadtest.CheckDecision(&r, resp, downloadtest.Decision{Streamed: true, Header: map[string]string{"ETag": `"v1"`}})
	r.want(t)
}

// A field with a private name is compared under its real name.
func TestDecisionWithPrivateFields(t *testing.T) {
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv/media", Destination: "/_media/", Headers: accel.PassAll}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp := downloadview.Response{File: describe(t, media, "a b.txt"), Offloader: a}
	var r recorder
	downloadtest.CheckDecision(&r, resp, downloadtest.Decision{
		Name:        "a b.txt",
		Disposition: downloadtest.Attachment,
		Location:    "/_media/a b.txt",
		Header:      map[string]string{"Cache-Control": "private, no-cache"},
	})
	r.want(t)
}

// ours is a proxy that uses the application's entity tags.
type ours struct{}

func (ours) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	return downloadview.Handover{Rule: "ours", Field: "X-Sendfile", Value: "/x", Terms: &downloadview.Terms{Validators: downloadview.OurValidators}}, true
}

// closedFile fails the test if Open or Stat is called.
type closedFile struct {
	downloadview.File
	t *testing.T
}

func (f closedFile) Open(context.Context) (fs.File, error) {
	f.t.Error("the file was opened")
	return nil, errors.New("closed")
}

func (f closedFile) Stat(context.Context) (fs.FileInfo, error) {
	f.t.Error("the file was looked at")
	return nil, errors.New("closed")
}

func (f closedFile) Source() (downloadview.Source, bool) { return downloadview.SourceOf(f.File) }

func TestDecisionOpensNothing(t *testing.T) {
	resp := downloadview.Response{File: closedFile{describe(t, media, "a b.txt"), t}, CheckFirst: true}
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Key: "a b.txt", Streamed: true})
	resp.Offloader = nginx(t)
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Location: "/_media/a b.txt"})
	resp.Offloader = ours{}
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Location: "/x", Rule: "ours", Header: map[string]string{"ETag": ""}})
	resp = resp.WithHeader("Content-Encoding", "gzip")
	downloadtest.CheckDecision(t, resp, downloadtest.Decision{Streamed: true, Header: map[string]string{"Content-Encoding": "gzip"}})
}

func TestStorage(t *testing.T) {
	for name, source := range map[string]downloadview.Source{
		"without a source": {},
		"with a source":    {Scheme: "s3", Host: "bucket", Path: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(*testing.T) storagetest.Fixture {
				s := downloadtest.Storage{Files: map[string]string{}, Source: source}
				put := func(key string, content []byte) error {
					s.Files[key] = string(content)
					return nil
				}
				return storagetest.Fixture{Storage: s, Put: put}
			})
		})
	}
}

func TestStorageSource(t *testing.T) {
	for base, want := range map[downloadview.Source]string{
		{Scheme: "file", Path: "/srv"}:       "/srv/k",
		{Scheme: "file", Path: "/srv/"}:      "/srv/k",
		{Scheme: "s3", Host: "b"}:            "s3://b/k",
		{Scheme: "s3", Host: "b", Path: "p"}: "s3://b/p/k",
	} {
		src, ok := downloadview.SourceOf(describe(t, downloadtest.Storage{Source: base}, "k"))
		if !ok || src.String() != want {
			t.Errorf("with %#v: source = %q, %t, want %q", base, src, ok, want)
		}
	}
}

// noFile implements File, but its methods panic if it is nil.
type noFile struct{ downloadview.File }
