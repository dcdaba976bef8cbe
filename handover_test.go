package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A signedObject is an object with signed URLs that contain its name.
type signedObject struct {
	*object
	err error
}

func (o signedObject) Source() (Source, bool) {
	return Source{"s3", "bucket", "reports/ä b%2F.bin"}, true
}

func (o signedObject) SignedURL(_ context.Context, s SignOptions) (string, time.Time, error) {
	return fmt.Sprintf("https://store/%s?%s&%v&%s&%s", o.name, s.Method, s.Expiry, s.Disposition, s.ContentType), time.Time{}, o.err
}

// An identified is a signedObject that also has an identity.
type identified struct{ signedObject }

func (identified) Identity() (string, bool) { return "https://store.test/bucket/%C3%A4", true }

// A fleeting is a signedObject whose URLs expire soon, as credentials do.
type fleeting struct{ signedObject }

func (f fleeting) SignedURL(ctx context.Context, s SignOptions) (string, time.Time, error) {
	url, _, err := f.signedObject.SignedURL(ctx, s)
	return url, time.Now().Add(12 * time.Second), err
}

// linking hands over or redirects every file by a signed URL.
type linking struct {
	status int
	terms  Terms
	hidden []string
}

func (l linking) Offload(*http.Request, Source) (Handover, bool) {
	h := Handover{
		Rule: "bucket", Field: "X-Accel-Redirect", Value: "/_s3/", Terms: &l.terms,
		Link: &Link{Field: "X-Download-Url", KeyField: "X-Download-Key", Expiry: time.Minute, Hidden: l.hidden, Sign: SignedURL},
	}
	if l.status != 0 {
		h.Field, h.Value = "Location", ""
		h.Link.Field, h.Link.KeyField, h.Link.Status = "Location", "", l.status
	}
	return h, true
}

func TestLinks(t *testing.T) {
	html := newObject("<p>")
	html.name = "a.html"
	gzip := newObject("0123456789")
	gzip.ContentEncoding = "gzip"
	plain := Response{File: signedObject{newObject("0123456789"), nil}, Name: "ä.bin", ContentType: "image/png"}
	refused := plain
	refused.File = signedObject{newObject("0123456789"), errors.New("no key")}
	unable := plain
	unable.File = signedObject{newObject("0123456789"), errors.ErrUnsupported}
	known := plain
	known.File = identified{signedObject{newObject("0123456789"), nil}}
	looked := known
	looked.CheckFirst = true
	brief := plain
	brief.File = fleeting{signedObject{newObject("0123456789"), nil}}
	unsigned := plain
	unsigned.File = newObject("0123456789")
	shown := Response{File: signedObject{html, nil}, Disposition: InlineActive}
	encoded := plain
	encoded.File = signedObject{gzip, nil}
	encoded.CheckFirst = true
	described := plain
	described.File = withMetadata{signedObject{newObject("0123456789"), nil}}
	described.CheckFirst = true
	aging := func(policy string) Response {
		aged := plain
		aged.CacheControl = policy
		return aged
	}
	owned := plain
	owned.ETag = `"mine"`
	const url = "https://store/reports/a.bin?GET&1m0s&"
	const named = `attachment; filename="_.bin"; filename*=UTF-8''%C3%A4.bin&image/png`
	for _, tt := range []struct {
		name    string
		resp    Response
		by      linking
		method  string
		request []string
		mode    Mode
		status  int
		want    map[string]string // "" : not there
		log     string
	}{
		{"to the proxy", plain, linking{}, "GET", nil, Offloaded, 200, map[string]string{
			"X-Accel-Redirect": "/_s3/", "X-Download-Url": url + "&", "X-Download-Key": "",
			"Content-Type": "image/png", "Location": "", "Etag": "",
		}, ""},
		{"whose identity is known", known, linking{}, "GET", nil, Offloaded, 200, map[string]string{
			"X-Download-Url": url + "&", "X-Download-Key": "https://store.test/bucket/%C3%A4",
		}, ""},
		{"whose version is known", looked, linking{}, "GET", nil, Offloaded, 200, map[string]string{"X-Download-Key": "https://store.test/bucket/%C3%A4#%22v1%22"}, ""},
		{"the client, by credentials that end", brief, linking{status: 302}, "GET", nil, Redirected, 302, map[string]string{"Cache-Control": "private, max-age=6"}, ""},
		{"HEAD to the proxy", plain, linking{}, "HEAD", nil, Offloaded, 200, map[string]string{"X-Download-Url": url + "&"}, ""},
		{"the client", plain, linking{status: 302}, "GET", []string{"Range", "bytes=0-1"}, Redirected, 302, map[string]string{
			"Location": url + named, "Cache-Control": "private, max-age=30", "Content-Length": "0",
			"Content-Type": "", "Content-Disposition": "", "X-Accel-Redirect": "", "X-Download-Url": "", "X-Download-Key": "",
		}, ""},
		{"the client, for a short time", aging("private, max-age=9"), linking{status: 302}, "GET", nil, Redirected, 302, map[string]string{"Cache-Control": "private, max-age=9"}, ""},
		{"the client, for a long time", aging("public, Max-Age=\"3600\", immutable"), linking{status: 302}, "GET", nil, Redirected, 302, map[string]string{"Cache-Control": "private, max-age=30"}, ""},
		{"the client, 307", plain, linking{status: 307}, "GET", nil, Redirected, 307, map[string]string{"Location": url + named}, ""},
		{"HEAD is answered here", plain, linking{status: 302}, "HEAD", nil, Streamed, 200, map[string]string{
			"Location": "", "Content-Length": "10", "Etag": `"v1"`,
		}, ""},
		{"own fields of the view", plain.WithHeader("Access-Control-Allow-Origin", "*").WithHeader("Content-Language", "de"), linking{status: 302}, "GET", nil, Redirected, 302, map[string]string{
			"Access-Control-Allow-Origin": "*", "Content-Language": "",
		}, ""},
		{"can't be signed for", unsigned, linking{}, "GET", nil, Streamed, 200, map[string]string{"X-Accel-Redirect": "", "X-Download-Url": ""}, ""},
		{"can't be signed for with these", unable, linking{}, "GET", nil, Streamed, 200, map[string]string{"X-Download-Url": ""}, ""},
		{"signing fails", refused, linking{}, "GET", nil, Streamed, 200, map[string]string{"X-Download-Url": ""}, "no key"},
		{"active content loses its sandbox", shown, linking{status: 302}, "GET", nil, Streamed, 200, map[string]string{"Content-Security-Policy": "sandbox"}, ""},
		{"active content, vouched for", shown, linking{terms: Terms{KeepsSafety: true}}, "GET", nil, Offloaded, 200, map[string]string{"Content-Security-Policy": "sandbox"}, ""},
		{"the store labels what is encoded", encoded, linking{}, "GET", nil, Offloaded, 200, map[string]string{"Content-Encoding": ""}, ""},
		{"metadata that would be seen", described, linking{}, "GET", nil, Streamed, 200, map[string]string{"X-Download-Url": ""}, ""},
		{"metadata that the proxy hides", described, linking{hidden: []string{"owner"}}, "GET", nil, Offloaded, 200, map[string]string{"X-Download-Url": url + "&"}, ""},
		{"tag of the view, conditional", owned, linking{status: 302}, "GET", []string{"If-None-Match", `"mine"`}, Streamed, 304, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			var seen Outcome
			tt.resp.Offloader = tt.by
			if tt.resp.File.(interface{ Name() string }).Name() == "" {
				t.Fatal("no name")
			}
			if f, ok := tt.resp.File.(*object); ok {
				tt.resp.File = kept{f}
			}
			v := ViewFunc(func(*http.Request) (Response, error) { return tt.resp, nil })
			h := NewHandler(v, &Options{
				Logger:   slog.New(slog.NewTextHandler(&log, nil)),
				Observer: func(_ *http.Request, o Outcome) { seen = o },
			})
			w := httptest.NewRecorder()
			r := httptest.NewRequest(tt.method, "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			h.ServeHTTP(w, r)
			got := w.Result()
			if got.StatusCode != tt.status || seen.Mode != tt.mode || seen.Status != tt.status || seen.Rule != "bucket" {
				t.Errorf("%d and %+v, want %d by %v", got.StatusCode, seen, tt.status, tt.mode)
			}
			for key, want := range tt.want {
				if value := got.Header.Get(key); value != want {
					t.Errorf("%s: %q, want %q", key, value, want)
				}
			}
			if tt.mode != Streamed && w.Body.Len() > 0 {
				t.Errorf("%d bytes of body, want none", w.Body.Len())
			}
			if tt.log == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.log) {
				t.Errorf("log %q, want %q", log.String(), tt.log)
			}
		})
	}
}

// kept is an object that has a source and no signed URLs.
type kept struct{ *object }

func (kept) Source() (Source, bool) { return Source{"s3", "bucket", "k"}, true }

// They have the same names whether or not they meet fields that others have set.
func TestPrivateFields(t *testing.T) {
	terms := Terms{Private: []PrivateField{
		{"Cache-Control", "X-Download-Cache-Control"},
		{"Content-Disposition", "X-Download-Content-Disposition"},
		{"Expires", "X-Download-Expires"},
		{likeNginx.Field, "X-Not-This"}, // is for the proxy alone
	}}
	p := likeNginx
	p.Terms = &terms
	alone := Response{File: newLocalFile(t, "a.txt", "0123456789"), Offloader: p}
	for name, resp := range map[string]Response{"alone": alone, "with one of the view": alone.WithHeader("expires", "0")} {
		for _, streams := range []bool{false, true} {
			if streams {
				p := p
				p.Field = ""
				resp.Offloader = p
			}
			w := httptest.NewRecorder()
			NewHandler(ViewFunc(func(*http.Request) (Response, error) { return resp, nil }), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			want := map[string]string{"Cache-Control": "private, no-cache", "Content-Disposition": `attachment; filename="a.txt"`}
			if name != "alone" {
				want["Expires"] = "0"
			}
			for own, value := range want {
				under, not := "X-Download-"+own, own
				if streams {
					under, not = not, under
				}
				if got := w.Header().Get(under); got != value || w.Header()[not] != nil {
					t.Errorf("%s, streams %v: %s: %q, %s: %q; want %q and none", name, streams, under, got, not, w.Header()[not], value)
				}
			}
			if got := w.Header().Get(likeNginx.Field) != ""; got == streams {
				t.Errorf("%s, streams %v: %v", name, streams, w.Header())
			}
		}
	}
}

func TestUnfitRequests(t *testing.T) {
	f := newLocalFile(t, "a.txt", strings.Repeat("0123456789", 100))
	for _, tt := range []struct {
		name    string
		theirs  bool // the proxy's validators count
		terms   Terms
		method  string
		wanted  string
		offload bool
		status  int
		accept  string
	}{
		{"announced", false, Terms{SilentRanges: true}, "GET", "", true, 200, "bytes"},
		{"announced, several", false, Terms{SilentRanges: true}, "GET", "bytes=0-1,500-501", true, 200, "bytes"},
		{"several", false, Terms{}, "GET", "bytes=0-1,500-501", true, 200, ""},
		{"several are unfit, one", false, Terms{Unfit: SeveralRanges}, "GET", "bytes=0-1", true, 200, ""},
		{"several are unfit", false, Terms{Unfit: SeveralRanges}, "GET", "bytes=0-1,500-501", false, 206, "bytes"},
		{"several that are one", false, Terms{Unfit: SeveralRanges}, "GET", "bytes=0-1,2-3", true, 200, ""},
		{"several are unfit, not looked at", true, Terms{Unfit: SeveralRanges}, "GET", "bytes=0-1,2-3", false, 206, "bytes"},
		{"several are unfit, one", true, Terms{Unfit: SeveralRanges}, "GET", "bytes=0-1", true, 200, ""},
		{"unsatisfiable", false, Terms{}, "GET", "bytes=1000-", false, 416, ""},
		{"odd", false, Terms{}, "GET", "lines=1-2", true, 200, ""},
		{"odd is unfit", false, Terms{Unfit: OddRanges}, "GET", "lines=1-2", false, 200, "bytes"},
		{"bad syntax is unfit", false, Terms{Unfit: OddRanges}, "GET", "bytes=2-1", false, 200, "bytes"},
		{"odd, and cut from what is streamed", false, Terms{Unfit: OddRanges, CutsStreamed: true}, "GET", "bytes=2-1", false, 200, "none"},
		{"past int64", true, Terms{Unfit: OddRanges}, "GET", "bytes=0-99999999999999999999", false, 206, "bytes"},
		{"past int64, and cut from what is streamed", true, Terms{Unfit: OddRanges, CutsStreamed: true}, "GET", "bytes=0-99999999999999999999", false, 206, "bytes"},
		{"odd is unfit, one", false, Terms{Unfit: OddRanges}, "GET", "bytes=0-1", true, 200, ""},
		{"odd is unfit, none", false, Terms{Unfit: OddRanges}, "GET", "", true, 200, ""},
		{"HEAD", false, Terms{}, "HEAD", "", true, 200, ""},
		{"HEAD is unfit", false, Terms{Unfit: HeadRequests}, "HEAD", "", false, 200, "bytes"},
		{"HEAD is unfit, GET", false, Terms{Unfit: HeadRequests}, "GET", "", true, 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := likeNginx
			tt.terms.Validators = OurValidators
			if tt.theirs {
				tt.terms.Validators = ProxyValidators
			}
			p.Terms = &tt.terms
			w := httptest.NewRecorder()
			r := httptest.NewRequest(tt.method, "/", nil)
			if tt.wanted != "" {
				r.Header.Set("Range", tt.wanted)
			}
			v := ViewFunc(func(*http.Request) (Response, error) { return Response{File: f, Offloader: p}, nil })
			NewHandler(v, &Options{Logger: discard}).ServeHTTP(w, r)
			handed := w.Header().Get("X-Accel-Redirect") != ""
			if handed != tt.offload || w.Code != tt.status || w.Header().Get("Accept-Ranges") != tt.accept {
				t.Errorf("handed over %v, %d, %v; want %v, %d, Accept-Ranges %q", handed, w.Code, w.Header(), tt.offload, tt.status, tt.accept)
			}
		})
	}
}

// Servers answer a range of an empty file in different ways: Caddy sends "bytes 0--1/0".
func TestRangesOfAnEmptyFileAreUnfit(t *testing.T) {
	f := newLocalFile(t, "a.txt", "")
	for _, tt := range []struct {
		name    string
		resp    Response
		terms   Terms
		wanted  string
		offload bool
		status  int
	}{
		{"our validators", Response{}, Terms{Unfit: OddRanges, Validators: OurValidators}, "bytes=-1", false, 200},
		{"their validators", Response{CheckFirst: true}, Terms{Unfit: OddRanges}, "bytes=0-", false, 200},
		{"after the end", Response{CheckFirst: true}, Terms{Unfit: OddRanges}, "bytes=1-", false, 416},
		{"not looked at", Response{}, Terms{Unfit: OddRanges}, "bytes=0-", true, 200},
		{"no range", Response{CheckFirst: true}, Terms{Unfit: OddRanges}, "", true, 200},
		{"all are fit", Response{CheckFirst: true}, Terms{}, "bytes=-1", true, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := likeNginx
			p.Terms = &tt.terms
			tt.resp.File, tt.resp.Offloader = f, p
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			if tt.wanted != "" {
				r.Header.Set("Range", tt.wanted)
			}
			v := ViewFunc(func(*http.Request) (Response, error) { return tt.resp, nil })
			NewHandler(v, &Options{Logger: discard}).ServeHTTP(w, r)
			handed := w.Header().Get("X-Accel-Redirect") != ""
			if handed != tt.offload || w.Code != tt.status {
				t.Errorf("handed over %v, %d, %v; want %v, %d", handed, w.Code, w.Header(), tt.offload, tt.status)
			}
		})
	}
}

// withMetadata is an object with an owner in its metadata.
type withMetadata struct{ signedObject }

func (f withMetadata) Stat(ctx context.Context) (fs.FileInfo, error) {
	fi, err := f.signedObject.Stat(ctx)
	if err != nil {
		return nil, err
	}
	a := AttributesOf(fi)
	a.Metadata = map[string]string{"owner": "somebody"}
	return a.FileInfo(fi.Name()), nil
}
