package downloadtest

import (
	"fmt"
	"net/http"
)

// A Download is what an answer is expected to be. The zero value of every field
// but Status means that it doesn't matter.
type Download struct {
	// Status is that of the answer. 0 means 206 if Range is set, else 200: an
	// answer with another one is no download.
	Status int

	// Name is what a browser saves the file under: the filename* of
	// Content-Disposition, decoded, and where there is none its filename.
	Name string

	// Disposition is [Attachment] or [Inline].
	Disposition Disposition

	// Type is the media type. Its parameters are compared where it has any:
	// "text/plain" is also "text/plain; charset=utf-8".
	Type string

	// Content is the body, of an answer that must be streamed. Empty says that
	// it must be "", as for HEAD and 304.
	Content string
	Empty   bool

	// Range is what part of the file the body is, as Content-Range has it:
	// "bytes 0-3/10".
	Range string

	// Location is where a proxy is told to find the file. That of
	// X-Accel-Redirect is percent-decoded first, up to a "?", as nginx does.
	// Any other is compared as it stands, since some servers decode it and
	// others don't. RawLocation is the value as it stands always.
	Location    string
	RawLocation string

	// Streamed says that no proxy may be told anything.
	Streamed bool

	// Header holds further fields, such as "Cache-Control", or
	// "X-Accel-Limit-Rate", which nginx takes in bytes per second. A value of
	// "" says that the field must not be there. Several fields of one name are
	// compared joined with ", ".
	Header map[string]string
}

// Check reports what of an answer is not as wanted, as t.Errorf does, each fact
// on its own. It reads the body to its end and puts it back, so that another
// check may follow. Whatever is wanted, these are errors too:
//
//   - a body that breaks off, or is not as long as Content-Length says;
//   - an answer that tells a proxy to send a file and isn't a 200, has a body
//     of its own, tells it twice, or tells it a length or range: proxies look at
//     the location and send what is there.
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

// problems are the facts that differ, each in a line.
type problems []string

func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Sprintf(format, args...))
}

// differ is the line for a fact that is text.
func (p *problems) differ(fact, got, want string) {
	if want != "" && got != want {
		p.addf("%s: got %s, want %q", fact, quoted(got), want)
	}
}

// quoted is a value that may not be there.
func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("%q", s)
}
