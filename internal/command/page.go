package command

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/downloadview/downloadview"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string

	pageTemplate = template.Must(template.New("page").Parse(pageText))

	// Nothing is loaded, run, framed or sent anywhere; the one style is this.
	pagePolicy = "default-src 'none'; style-src 'sha256-" + hash(pageStyle) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A page shows a folder row by row, so that its length costs no memory.
// Nothing is written before the first row is there.
type page struct {
	w      http.ResponseWriter
	folder string
	begun  bool

	files, folders int
	size           int64
}

func newPage(w http.ResponseWriter, folder string) *page {
	return &page{w: w, folder: folder}
}

func (p *page) writeHeader() {
	h := p.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	p.w.WriteHeader(http.StatusOK)
}

// A crumb is a folder on the way to the one that is shown.
type crumb struct{ Name, Link string }

func (p *page) begin() error {
	p.begun = true
	p.writeHeader()
	top := struct {
		Style  template.CSS
		Name   string
		Title  string
		Crumbs []crumb
	}{Style: template.CSS(pageStyle), Name: "All files", Title: "All files"}
	if p.folder != "" {
		top.Title = visible(p.folder)
		segments := strings.Split(p.folder, "/")
		last := len(segments) - 1
		top.Name = visible(segments[last])
		top.Crumbs = append(top.Crumbs, crumb{"All files", strings.Repeat("../", last+1)})
		for i, s := range segments[:last] {
			top.Crumbs = append(top.Crumbs, crumb{visible(s), strings.Repeat("../", last-i)})
		}
	}
	return pageTemplate.ExecuteTemplate(p.w, "top", top)
}

func (p *page) row(fi fs.FileInfo) error {
	if !p.begun {
		if err := p.begin(); err != nil {
			return err
		}
	}
	row := struct {
		Name   string
		Link   string // "": browsers can't ask for it
		Folder bool
		Size   *byteCount
		Time   *stamp
	}{Name: visible(fi.Name()), Link: linkTo(fi.Name()), Folder: fi.IsDir()}
	if fi.Name() == "." || fi.Name() == ".." {
		row.Link = ""
	}
	if fi.IsDir() {
		p.folders++
		if row.Link != "" {
			row.Link += "/"
		}
	} else {
		p.files++
		if size := downloadview.AttributesOf(fi).Size; size >= 0 {
			p.size += size
			row.Size = (*byteCount)(&size)
		}
	}
	if t := fi.ModTime(); !t.IsZero() {
		row.Time = (*stamp)(&t)
	}
	return pageTemplate.ExecuteTemplate(p.w, "row", row)
}

// end says how much there was.
func (p *page) end() error {
	if !p.begun {
		if err := p.begin(); err != nil {
			return err
		}
	}
	return p.bottom("")
}

// incomplete says, in place of end, that the list was cut short.
func (p *page) incomplete() error {
	return p.bottom("This list is incomplete: the rest could not be read. Reload the page to try again.")
}

func (p *page) bottom(warning string) error {
	return pageTemplate.ExecuteTemplate(p.w, "bottom", struct {
		Files, Folders int
		Size           byteCount
		Warning        string
	}{p.files, p.folders, byteCount(p.size), warning})
}

// visible returns a name as it is shown: what can't be seen, a line break say,
// has a picture, and nothing turns the order of its letters around.
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

// A stamp is a time on the page, in UTC.
type stamp time.Time

// Machine is for the attribute datetime.
func (s *stamp) Machine() string { return time.Time(*s).UTC().Format(time.RFC3339) }

// Day is the date that people read.
func (s *stamp) Day() string { return time.Time(*s).UTC().Format(time.DateOnly) }

// Clock is the time of day.
func (s *stamp) Clock() string { return time.Time(*s).UTC().Format("15:04") }
