package buckettest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// A Listing is a listing in several pages. Next has the token of the page after
// each page, beginning with the page "". Each page has Entries entries.
type Listing struct {
	Next    map[string]string
	Entries int

	Asked int // number of requested pages
}

// Circles checks that a listing without an end fails with a 502, after at most
// 20 pages, or mostEmpty pages if they have no entries. open returns a storage
// that lists l and counts the pages in l.Asked. perPage is how many entries a
// full page has. also are further endless listings.
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
