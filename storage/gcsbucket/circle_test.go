package gcsbucket_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// A listing that goes round in circles is an error.
func TestListingInCircles(t *testing.T) {
	for name, next := range map[string]map[string]string{
		"one token":  {"": "a", "a": "a"},
		"two tokens": {"": "a", "a": "b", "b": "a"},
		"late":       {"": "a", "a": "b", "b": "c", "c": "d", "d": "d"},
	} {
		for _, entry := range []string{"", `{"name": "key%s", "size": "1"}`} {
			t.Run(fmt.Sprintf("%s, %d", name, len(entry)), func(t *testing.T) {
				asked := 0
				s := fake(t, func(w http.ResponseWriter, r *http.Request) {
					asked++
					token := r.FormValue("pageToken")
					if asked > 2000 {
						http.Error(w, "enough", http.StatusForbidden)
						return
					}
					item := ""
					if entry != "" {
						// Of so many that the client asks for no more to fill the page.
						items := make([]string, 1000)
						for i := range items {
							items[i] = fmt.Sprintf(entry, fmt.Sprintf("%s%04d", token, i))
						}
						item = strings.Join(items, ",")
					}
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprintf(w, `{"nextPageToken": %q, "items": [%s]}`, next[token], item)
				})
				var last error
				for _, err := range s.List(t.Context(), "") {
					last = err
				}
				if downloadview.StatusCode(last) != http.StatusBadGateway || !strings.Contains(fmt.Sprint(last), "listing") || asked > 20 && entry != "" {
					t.Errorf("%v after %d requests, want 502 for the listing", last, asked)
				}
			})
		}
	}
}
