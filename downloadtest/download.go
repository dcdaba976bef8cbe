package downloadtest

import (
	"fmt"
	"net/http"
)

// A Download is an expected answer. A field with its zero value is not compared,
// except Status.
type Download struct {
	// Status is the status code of the answer. 0 means 206 if Range is set, else
	// 200.
	Status int

	// Name is the name under which a browser saves the file: the decoded filename*
	// of Content-Disposition or, if there is none, its filename.
	Name string

	// Disposition is [Attachment] or [Inline].
	Disposition Disposition

	// Type is the media type. Only the parameters that it has are compared:
	// "text/plain" also accepts "text/plain; charset=utf-8".
	Type string

	// Content is the body; if it is set, the answer must be streamed. Empty means
	// that the body must be empty, as for HEAD and 304.
	Content string
	Empty   bool

	// Range is the value of Content-Range, such as "bytes 0-3/10".
	Range string

	// Location is the location at which a proxy is to find the file. The value of
	// X-Accel-Redirect is percent-decoded up to a "?", as nginx does it, and then
	// compared. The values of other fields are compared without decoding, since
	// some servers decode them and others don't. RawLocation is compared with the
	// value of any field without decoding.
	Location    string
	RawLocation string

	// Streamed means that the answer must not hand the file over to a proxy.
	Streamed bool

	// Header holds further fields, such as "Cache-Control" or
	// "X-Accel-Limit-Rate" (for nginx, in bytes per second). The value "" means
	// that the field must be absent. Several fields with one name are joined with
	// ", " and then compared.
	Header map[string]string
}

// Check compares an answer with want and calls t.Errorf once for each difference.
// It reads the body to its end, closes it and replaces it by a copy, so that another
// check can read it again. These are always reported, too:
//
//   - a body that ends with an error, or whose length isn't Content-Length (except
//     for HEAD and 304);
//   - an answer with a location for a proxy that has a status other than 200, a
//     body, a second location, Content-Length (other than 0) or Content-Range: the
//     proxy sends the file at the location and computes these itself.
func Check(t TB, resp *http.Response, want Download) {
	t.Helper()
	if resp == nil {
		t.Errorf("answer: got nil")
		return
	}
	for _, problem := range want.problems(resp) {
		t.Errorf("%s", problem)
	}
}

func (d Download) problems(resp *http.Response) []string {
	var p problems
	if want := d.status(); resp.StatusCode != want {
		p.addf("status: got %d, want %d", resp.StatusCode, want)
	}
	header := inPlace(resp.Header)
	p.described(header, d.Name, d.Disposition, d.Type)
	p.differ("range", resp.Header.Get("Content-Range"), d.Range)
	content, err := readBody(resp)
	p.handedOver(handovers(resp.Header), d.Location, d.RawLocation, d.Streamed || d.Content != "")
	p.wellHandedOver(resp, content)
	p.body(resp, content, err)
	if err == nil {
		p.content(content, d)
	}
	p.header(header, d.Header)
	return p
}

func (d Download) status() int {
	switch {
	case d.Status != 0:
		return d.Status
	case d.Range != "":
		return http.StatusPartialContent
	}
	return http.StatusOK
}

// problems are messages, one for each difference.
type problems []string

func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Sprintf(format, args...))
}

// differ adds a message if want is set and got differs from it.
func (p *problems) differ(fact, got, want string) {
	if want != "" && got != want {
		p.addf("%s: got %s, want %q", fact, quoted(got), want)
	}
}

// quoted returns s in quotes, or "none" if s is empty.
func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("%q", s)
}
