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
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"grouped": grouped[int]}).Parse(pageText))

	// The page may load and run nothing, and can't be framed. Only its own style is
	// allowed. pagePolicy ends with where its form may lead.
	pagePolicy = "default-src 'none'; style-src 'sha256-" + hash(pageStyle) +
		"'; base-uri 'none'; frame-ancestors 'none'; form-action "
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A page shows a folder. Nothing is written before the folder is known to exist.
//
// The rows are sorted: the page keeps those of one window until the whole folder is
// listed. If streamed is set, the rows are written as they arrive. In both cases the
// memory doesn't grow with the folder.
type page struct {
	w        http.ResponseWriter
	folder   string
	query    pageQuery
	levels   int // how many folders further up there are links to, at most
	streamed bool
	archives *archives // that the page offers; nil: none
	begun    bool
	window   window
}

func newPage(w http.ResponseWriter, folder string, q pageQuery, levels int) *page {
	return &page{w: w, folder: folder, query: q, levels: levels, window: window{order: q.order, mark: q.mark, backward: q.backward}}
}

// empty reports whether there was no row so far.
func (p *page) empty() bool { return p.window.total == 0 }

func (p *page) writeHeader() {
	h := p.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	form := "'none'"
	if p.archives != nil {
		form = "'self'"
	}
	h.Set("Content-Security-Policy", pagePolicy+form)
	if h.Get("Referrer-Policy") == "" { // below a signed link there is a stricter one
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("Cache-Control", "private, no-cache")
	p.w.WriteHeader(http.StatusOK)
}

// A crumb is a link to a folder above the one that is shown.
type crumb struct{ Name, Link string }

// A column is the head of a column of the table.
type column struct {
	Name, Class, Link, Note string
	Sort                    string // "ascending", "descending" or ""
}

// columns returns the heads of the columns. A head is a link that sorts by its column,
// or reverses the order if the page is sorted by it already.
func (p *page) columns() []column {
	all := []column{{Name: "Name"}, {Name: "Size", Class: "size"}, {Name: "Modified", Class: "time", Note: "UTC"}}
	if p.streamed {
		return all
	}
	for i, by := range []string{"name", "size", "time"} {
		// Sizes and times are descending first: the largest and the newest on top.
		o := order{by: by, descending: by != "name"}
		if by == p.query.by {
			o.descending = !p.query.descending
			all[i].Sort = "ascending"
			if p.query.descending {
				all[i].Sort = "descending"
			}
		}
		all[i].Link = o.link("")
	}
	return all
}

func (p *page) begin(pages *pager) error {
	p.begun = true
	p.writeHeader()
	top := struct {
		Style   template.CSS
		Name    string
		Title   string
		Crumbs  []crumb
		Columns []column
		Pager   *pager
		Archive *archiveButton
	}{Style: template.CSS(pageStyle), Name: "All files", Title: "All files", Columns: p.columns(), Pager: pages, Archive: p.archiveButton()}
	if p.folder != "" {
		top.Title = visible(p.folder)
		segments := strings.Split(p.folder, "/")
		last := len(segments) - 1
		top.Name = visible(segments[last])
		top.Crumbs = append(top.Crumbs, crumb{"All files", strings.Repeat("../", last+1)})
		for i, s := range segments[:last] {
			top.Crumbs = append(top.Crumbs, crumb{visible(s), strings.Repeat("../", last-i)})
		}
		top.Crumbs = top.Crumbs[max(last+1-p.levels, 0):]
	}
	return pageTemplate.ExecuteTemplate(p.w, "top", top)
}

// An archiveButton downloads the folder as an archive.
type archiveButton struct {
	Size *byteCount // nil: unknown
}

// archiveButton returns the button of the page, or nil if there is no archive. The size
// is known if the whole folder is listed before the page begins, and has no folders.
func (p *page) archiveButton() *archiveButton {
	w := &p.window
	switch {
	case p.archives == nil || !p.streamed && w.total == 0:
		return nil
	case p.streamed || w.folders > 0 || w.unknown:
		return new(archiveButton)
	case w.files > p.archives.limits.MaxFiles || w.size > p.archives.limits.MaxSize:
		return nil
	}
	return &archiveButton{(*byteCount)(&w.size)}
}

// add puts a row on the page if it belongs there. It returns an error only if writing
// to the client fails.
func (p *page) add(fi fs.FileInfo) error {
	e := entryOf(fi)
	if !p.streamed {
		p.window.add(e)
		return nil
	}
	if !p.begun {
		if err := p.begin(nil); err != nil {
			return err
		}
	}
	p.window.count(e)
	return p.row(e)
}

func (p *page) row(e entry) error {
	row := struct {
		Name   string
		Link   string // "": browsers can't request it
		Folder bool
		Size   *byteCount
		Time   *stamp
	}{Name: visible(e.name), Link: linkTo(e.name), Folder: e.folder}
	if e.name == "." || e.name == ".." {
		row.Link = ""
	}
	if e.folder && row.Link != "" {
		row.Link += "/"
	}
	if e.size >= 0 {
		row.Size = (*byteCount)(&e.size)
	}
	if !e.time.IsZero() {
		row.Time = (*stamp)(&e.time)
	}
	return pageTemplate.ExecuteTemplate(p.w, "row", row)
}

// A pager shows which rows of a folder are on the page, and links to the others.
type pager struct {
	From, To, Total                    int
	First, Previous, Next, Last, Whole string // links; "": none
}

// pager returns the pager for a page with these rows, of which the first has the index
// before. It returns nil if the rows are the whole folder.
func (p *page) pager(rows []entry, before int) *pager {
	total := p.window.total
	if len(rows) == total {
		return nil
	}
	g := &pager{From: before + 1, To: before + len(rows), Total: total, Whole: "?all"}
	if before > 0 {
		g.First = p.query.link("")
		g.Previous = p.query.link("before=")
		if len(rows) > 0 {
			g.Previous = p.query.before(rows[0])
		}
	}
	if g.To < total && len(rows) > 0 {
		g.Next = p.query.after(rows[len(rows)-1])
		g.Last = p.query.link("before=")
	}
	return g
}

// end writes the rest of the page, with the totals of the folder.
func (p *page) end() error { return p.finish("") }

// incomplete is end for a list that was cut short: the page has a warning.
func (p *page) incomplete() error {
	return p.finish("This list is incomplete: the rest could not be read. Reload the page to try again.")
}

func (p *page) finish(warning string) error {
	var pages *pager
	if warning != "" { // the archive would fail, too
		p.archives = nil
	}
	if !p.begun {
		rows, before := p.window.page()
		pages = p.pager(rows, before)
		if err := p.begin(pages); err != nil {
			return err
		}
		for _, e := range rows {
			if err := p.row(e); err != nil {
				return err
			}
		}
	}
	return pageTemplate.ExecuteTemplate(p.w, "bottom", struct {
		Files, Folders int
		Size           byteCount
		Pager          *pager
		Warning        string
	}{p.window.files, p.window.folders, byteCount(p.window.size), pages, warning})
}

// visible returns a name as it is shown. Control characters, such as a line break, are
// replaced by symbols for them, and characters that reverse the direction of text by
// U+FFFD.
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

// Machine returns the time for the attribute "datetime".
func (s *stamp) Machine() string { return time.Time(*s).UTC().Format(time.RFC3339) }

// Day returns the date as it is shown.
func (s *stamp) Day() string { return time.Time(*s).UTC().Format(time.DateOnly) }

// Clock returns the time of day as it is shown.
func (s *stamp) Clock() string { return time.Time(*s).UTC().Format("15:04") }
