package command

import (
	"cmp"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// An entry is a row of a folder's page.
type entry struct {
	name   string
	folder bool
	size   int64     // -1: unknown
	time   time.Time // zero: unknown
}

func entryOf(fi fs.FileInfo) entry {
	e := entry{name: fi.Name(), folder: fi.IsDir(), size: -1, time: fi.ModTime()}
	if !e.folder {
		e.size = downloadview.AttributesOf(fi).Size
	}
	return e
}

// An order is how the rows of a page are sorted. Folders come first. Rows that are
// otherwise equal are in the natural order of their names.
type order struct {
	by         string // "name", "size" or "time"
	descending bool
}

func (o order) compare(a, b entry) int {
	if a.folder != b.folder {
		if a.folder {
			return -1
		}
		return 1
	}
	var c int
	switch o.by {
	case "size":
		c = cmp.Compare(a.size, b.size)
	case "time":
		c = a.time.Compare(b.time)
	default:
		c = compareNatural(a.name, b.name)
	}
	if o.descending {
		c = -c
	}
	return cmp.Or(c, compareNatural(a.name, b.name))
}

// mark returns the text by which a link refers to the row e: its kind, the value by
// which o sorts, a slash, and its name.
func (o order) mark(e entry) string {
	kind, by := "f", ""
	if e.folder {
		kind = "d"
	}
	switch o.by {
	case "size":
		by = strconv.FormatInt(e.size, 10)
	case "time":
		by = strconv.FormatInt(e.time.Unix(), 10) + "." + strconv.Itoa(e.time.Nanosecond())
	}
	return kind + by + "/" + e.name
}

// marked reads the text that mark returns.
func (o order) marked(mark string) (entry, bool) {
	head, name, ok := strings.Cut(mark, "/")
	if !ok || head == "" || head[0] != 'd' && head[0] != 'f' {
		return entry{}, false
	}
	e := entry{name: name, folder: head[0] == 'd'}
	var err error
	switch by := head[1:]; o.by {
	case "size":
		e.size, err = strconv.ParseInt(by, 10, 64)
	case "time":
		seconds, nanos, _ := strings.Cut(by, ".")
		var sec, nsec int64
		sec, err = strconv.ParseInt(seconds, 10, 64)
		if nsec, _ = strconv.ParseInt(nanos, 10, 64); err == nil {
			e.time = time.Unix(sec, nsec)
		}
	}
	return e, err == nil
}
