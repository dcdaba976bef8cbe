package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"visible": visible,
		"reason":  http.StatusText,
	}).Parse(pageText))

	// The page may load, run and send nothing, and can't be framed. Only its own
	// style is allowed.
	pagePolicy = "default-src 'none'; style-src 'sha256-" + hash(pageStyle) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A page shows the shelf, with the answers that each item gets in each mode.
type page struct {
	shelf []section
	modes []mode
}

// A row is an item as the page shows it.
type row struct {
	item
	Link    string
	Verb    string // what the link does: Save, Show or, where it leads to an error, Try
	Label   string // name of the download, or the path where there is none
	Answers []column
}

// A column is one of the answers that stand side by side.
type column struct {
	answer
	Without bool // the token that the item asks for
	Fields  []field
	Missing []string // fields that only the first answer has
}

// Same reports whether the answer for the proxy is the answer without one.
func (c column) Same() bool {
	return c.Proxy != "" && len(c.Missing) == 0 && !slices.ContainsFunc(c.Fields, func(f field) bool { return f.Differs })
}

// OK reports whether the answer is a download.
func (c column) OK() bool { return c.Status < 300 }

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	type part struct {
		Title string
		Rows  []row
	}
	data := struct {
		Style    template.CSS
		Host     string
		Open     bool // the headers of all items
		Sections []part
	}{Style: template.CSS(pageStyle), Host: r.Host, Open: r.URL.Query().Get("headers") == "all"}
	for _, s := range p.shelf {
		part := part{Title: s.Title}
		for _, i := range s.Items {
			row, err := p.row(r.Context(), i)
			if err != nil {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				return
			}
			part.Rows = append(part.Rows, row)
		}
		data.Sections = append(data.Sections, part)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.Write(b.Bytes())
}

func (p *page) row(ctx context.Context, i item) (row, error) {
	row := row{item: i, Link: linkTo(i)}
	byLink, err := p.modes[0].ask(ctx, row.Link, "")
	if err != nil {
		return row, err
	}
	row.Verb, row.Label = "Try", "/"+i.Slug+"/"+i.Key
	if name, shown := byLink.name(); shown {
		row.Verb, row.Label = "Show", name
	} else if name != "" {
		row.Verb, row.Label = "Save", name
	}
	if i.Token != "" {
		row.Answers = append(row.Answers, column{answer: byLink, Without: true, Fields: byLink.fields(byLink)})
	}
	var first answer
	for n, m := range p.modes {
		a, err := m.ask(ctx, row.Link, i.Token)
		if err != nil {
			return row, err
		}
		if n == 0 {
			first = a
		}
		row.Answers = append(row.Answers, column{answer: a, Fields: a.fields(first), Missing: a.missing(first)})
	}
	return row, nil
}

// visible returns a name as it is shown. Control characters are replaced by symbols for
// them, and characters that reverse the direction of text by U+FFFD.
func visible(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return '␀' + r
		case r == 0x7f:
			return '␡'
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(name, string(unicode.ReplacementChar)))
}
