package downloadtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing/iotest"
)

// readBody reads the body of resp and replaces it by one that gives the same bytes
// and the same error.
func readBody(resp *http.Response) (string, error) {
	if resp.Body == nil {
		return "", nil
	}
	content, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	var again io.Reader = bytes.NewReader(content)
	if err != nil {
		again = io.MultiReader(again, iotest.ErrReader(err))
	}
	resp.Body = io.NopCloser(again)
	return string(content), err
}

// body reports a body that ended with err, or whose length isn't Content-Length.
func (p *problems) body(resp *http.Response, content string, err error) {
	if err != nil {
		p.addf("content: breaks off after %d bytes: %v", len(content), err)
		return
	}
	head := resp.Request != nil && resp.Request.Method == http.MethodHead
	if head || resp.StatusCode == http.StatusNotModified || len(handovers(resp.Header)) > 0 {
		return
	}
	said := resp.Header.Get("Content-Length")
	if said != "" && said != strconv.Itoa(len(content)) {
		p.addf("content: got %d bytes, but Content-Length is %s", len(content), said)
	}
}

func (p *problems) content(got string, d Download) {
	switch {
	case d.Empty && got != "":
		p.addf("content: got %d bytes, want none", len(got))
	case d.Content == "" || got == d.Content:
	case got == "":
		p.addf("content: got none, want %d bytes", len(d.Content))
	default:
		at := firstDifference(got, d.Content)
		p.addf("content: got %d bytes, want %d; from byte %d on: got %s, want %s",
			len(got), len(d.Content), at, excerpt(got, at), excerpt(d.Content, at))
	}
}

func firstDifference(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// excerpt quotes the first bytes of s[from:].
func excerpt(s string, from int) string {
	const few = 20
	rest := s[from:]
	switch {
	case rest == "":
		return "the end"
	case len(rest) > few:
		return strconv.Quote(rest[:few]) + "…"
	}
	return strconv.Quote(rest)
}
