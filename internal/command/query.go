package command

import (
	"net/url"
	"strings"
)

// A pageQuery is what a link of a folder's page says in its query: how the rows
// are sorted, and which of them are shown. Anything else in it is ignored.
type pageQuery struct {
	order
	all      bool // in one page, as the storage lists them
	mark     *entry
	backward bool
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

// link returns the reference to the page that is sorted by o, with more behind.
// Its parts are separated by semicolons, since "&" is an entity in HTML, which
// not all that read links decode.
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
