package command

import (
	"math"
	"slices"
)

// pageRows is the most rows of a page.
const pageRows = 1000

// A window keeps the rows of one page while a folder is listed, and counts all rows. It
// never holds more than two pages of rows.
type window struct {
	order    order
	mark     *entry // the page begins after it or, backward, ends before it; nil: at an end of the list
	backward bool

	rows []entry
	cut  bool // rows was sorted and cut: rows after its last don't belong to the page

	total, ahead   int // of all; of those before the mark, and with it if the page begins after it
	files, folders int
	size           int64
	unknown        bool // the size of a file
}

// count counts e.
func (w *window) count(e entry) {
	w.total++
	if e.folder {
		w.folders++
	} else {
		w.files++
		w.size += min(max(e.size, 0), math.MaxInt64-w.size) // sparse files may have more together
		w.unknown = w.unknown || e.size < 0
	}
}

// add counts e, and keeps it if it may be on the page.
func (w *window) add(e entry) {
	w.count(e)
	if w.mark != nil {
		c := w.order.compare(e, *w.mark)
		if c < 0 || c == 0 && !w.backward {
			w.ahead++
		}
		if c == 0 || w.backward == (c > 0) {
			return
		}
	}
	if w.cut && w.compare(e, w.rows[pageRows-1]) > 0 {
		return
	}
	w.rows = append(w.rows, e)
	if len(w.rows) == 2*pageRows {
		w.shrink()
	}
}

// compare orders rows by their distance from the mark.
func (w *window) compare(a, b entry) int {
	if w.backward {
		a, b = b, a
	}
	return w.order.compare(a, b)
}

func (w *window) shrink() {
	slices.SortFunc(w.rows, w.compare)
	if len(w.rows) >= pageRows {
		w.rows, w.cut = w.rows[:pageRows], true
	}
}

// page returns the rows of the page in order, and the number of rows before them.
func (w *window) page() (rows []entry, before int) {
	w.shrink()
	before = w.ahead
	if w.mark == nil && w.backward {
		before = w.total
	}
	if w.backward {
		slices.Reverse(w.rows)
		before -= len(w.rows)
	}
	return w.rows, before
}
