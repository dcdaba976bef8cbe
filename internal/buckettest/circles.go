package buckettest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// A Listing is one that goes on after the page "" as Next says, with so many
// entries on each page.
type Listing struct {
	Next    map[string]string
	Entries int

	Asked int // pages that were asked for
}

// Circles checks that a listing which goes round in circles is an error, after a
// few pages and for each at most one list of its entries. open returns a storage
// that lists l and counts; perPage is how many entries a page has where it has
// any, and mostEmpty how many empty pages may be asked for. also are further
// listings without an end.
func Circles(t *testing.T, perPage, mostEmpty int, open func(t *testing.T, l *Listing) downloadview.Storage, also map[string]map[string]string) {
	circles := map[string]map[string]string{
		"one token":  {"": "a", "a": "a"},
		"two tokens": {"": "a", "a": "b", "b": "a"},
		"late":       {"": "a", "a": "b", "b": "c", "c": "d", "d": "d"},
	}
	for name, next := range also {
		circles[name] = next
	}
	for name, next := range circles {
		for _, entries := range []int{0, perPage} {
			t.Run(fmt.Sprintf("%s, %d entries", name, entries), func(t *testing.T) {
				l := &Listing{Next: next, Entries: entries}
				var last error
				listed := 0
				for _, err := range downloadview.List(t.Context(), open(t, l), "") {
					last = err
					listed++
				}
				if downloadview.StatusCode(last) != http.StatusBadGateway || !strings.Contains(fmt.Sprint(last), "listing") {
					t.Errorf("%v after %d requests, want 502 for the listing", last, l.Asked)
				}
				most := 20
				if entries == 0 {
					most = mostEmpty
				}
				if l.Asked > most {
					t.Errorf("%d requests, want %d at most", l.Asked, most)
				}
				if listed > 10*perPage {
					t.Errorf("%d entries of 5 pages at most", listed)
				}
			})
		}
	}
}
