package downloadtest

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A Decision is the expected [downloadview.Response] of a view and the middleware
// around it. A field with its zero value is not compared.
type Decision struct {
	Key    string // Name of the response's File
	Source string // its source, unescaped, such as "/srv/media/a b.pdf" or "s3://bucket/key"

	// Name, Disposition and Type are those that a client will receive, as in
	// [Download]. A type that the storage has for the file is not known yet,
	// since the file isn't opened.
	Name        string
	Disposition Disposition
	Type        string

	// Rule is the name of the rule that covers the file, even if the file is
	// streamed. Location, RawLocation and Streamed are as in [Download].
	Rule        string
	Location    string
	RawLocation string
	Streamed    bool

	// Header holds further fields, as in [Download]. Fields that depend on the
	// file's bytes or times are absent.
	Header map[string]string
}

// CheckDecision compares a response with want and calls t.Errorf once for each
// difference. It makes the answer without the file's bytes: it never calls Open,
// OpenRange or Stat of the file, but signs a URL if the Offloader asks for one. A
// response that a handler can't answer, such as one without a File, is always
// reported.
//
// The response's Offloader gets the request "GET /" from 192.0.2.1. Middleware that
// is given to [downloadview.Use] isn't called: test it with [Do] and [Check].
func CheckDecision(t TB, resp downloadview.Response, want Decision) {
	t.Helper()
	for _, problem := range want.problems(resp) {
		t.Errorf("%s", problem)
	}
}

func (d Decision) problems(resp downloadview.Response) []string {
	var p problems
	if resp.File == nil {
		p.addf("file: got none")
		return p
	}
	if wrapper.IsNothing(resp.File) {
		p.addf("file: got a nil %T", resp.File)
		return p
	}
	p.differ("key", resp.File.Name(), d.Key)
	var source string
	if src, ok := downloadview.SourceOf(resp.File); ok {
		source = src.String()
	}
	p.differ("source", source, d.Source)

	h, outcome := rehearse(resp)
	h = inPlace(h)
	if outcome.Err != nil {
		p.addf("response: can't be carried out: %v", outcome.Err)
		return p
	}
	p.described(h, d.Name, d.Disposition, d.Type)
	p.differ("rule", outcome.Rule, d.Rule)
	p.handedOver(handovers(h), d.Location, d.RawLocation, d.Streamed)
	p.header(h, d.Header)
	return p
}

// rehearse answers a request with resp, with a file that has no bytes.
func rehearse(resp downloadview.Response) (http.Header, downloadview.Outcome) {
	inner := resp.File
	resp.File = standIn{inner}
	var outcome downloadview.Outcome
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return resp, nil })
	w := httptest.NewRecorder()
	downloadview.NewHandler(view, &downloadview.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) { outcome = o },
	}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if resp.ETag == "" {
		w.Header().Del("Etag")
	}
	return w.Header(), outcome
}

// standIn takes the place of inner, which is not opened. It has an entity tag, since
// files without one are not handed over to some proxies.
type standIn struct{ inner downloadview.File }

func (s standIn) Name() string                        { return s.inner.Name() }
func (s standIn) Source() (downloadview.Source, bool) { return downloadview.SourceOf(s.inner) }

func (s standIn) Identity() (string, bool) { return downloadview.IdentityOf(s.inner) }

func (s standIn) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	return downloadview.SignedURL(ctx, s.inner, o)
}

func (s standIn) Open(context.Context) (fs.File, error) {
	facts := downloadview.Attributes{Size: -1, ETag: `"unopened"`}
	return &handle{bytes.NewReader(nil), facts.FileInfo(s.Name())}, nil
}

type handle struct {
	*bytes.Reader
	info fs.FileInfo
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.info, nil }
func (h *handle) Close() error               { return nil }

var (
	_ downloadview.Sourcer = standIn{}
	_ downloadview.Signer  = standIn{}
)
