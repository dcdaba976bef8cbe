package command

import (
	"net/url"
	"strings"
)

// A pageQuery is the query of a folder's page: how the rows are sorted, and which of
// them are shown. Unknown parameters are ignored.
type pageQuery struct {
	order
	all      bool   // all rows on one page, in the order of the storage
	mark     *entry // see window
	backward bool
	archive  *string // the kind of archive that is asked for; nil: none
}

func parsePageQuery(raw string) pageQuery {
	q := pageQuery{order: order{by: "name"}}
	var after, before string
	var toEnd bool
	for pair := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			continue
		}
		switch name {
		case "sort":
			if value == "size" || value == "time" {
				q.by = value
			}
		case "order":
			q.descending = value == "desc"
		case "after":
			after = value
		case "before":
			before, toEnd = value, value == ""
		case "archive":
			if q.archive == nil {
				q.archive = &value
			}
		case "all":
			q.all = true
		}
	}
	if e, ok := q.marked(after); ok {
		q.mark = &e
	} else if e, ok := q.marked(before); ok {
		q.mark, q.backward = &e, true
	} else if toEnd {
		q.backward = true
	}
	return q
}

// link returns the relative reference to the page that is sorted by o, with the
// parameter more. Parameters are separated by semicolons, because "&" is escaped in
// HTML, and not all tools that read links decode that.
func (o order) link(more string) string {
	var parts []string
	if o.by != "name" {
		parts = append(parts, "sort="+o.by)
	}
	if o.descending {
		parts = append(parts, "order=desc")
	}
	if more != "" {
		parts = append(parts, more)
	}
	if len(parts) == 0 {
		return "./"
	}
	return "?" + strings.Join(parts, ";")
}

func (o order) after(e entry) string  { return o.link("after=" + escapeName(o.mark(e))) }
func (o order) before(e entry) string { return o.link("before=" + escapeName(o.mark(e))) }
