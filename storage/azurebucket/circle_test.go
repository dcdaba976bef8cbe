package azurebucket_test

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
		"one marker":  {"": "a", "a": "a"},
		"two markers": {"": "a", "a": "b", "b": "a"},
		"late":        {"": "a", "a": "b", "b": "c", "c": "d", "d": "d"},
	} {
		for _, entry := range []string{"", "<Blob><Name>key%s</Name></Blob>"} {
			t.Run(fmt.Sprintf("%s, %d", name, len(entry)), func(t *testing.T) {
				asked := 0
				s := fake(t, func(w http.ResponseWriter, r *http.Request) {
					asked++
					marker := r.FormValue("marker")
					if asked > 50 {
						http.Error(w, "enough", http.StatusForbidden)
						return
					}
					blob := ""
					if entry != "" {
						blob = fmt.Sprintf(entry, marker)
					}
					w.Header().Set("Content-Type", "application/xml")
					fmt.Fprintf(w, `<?xml version="1.0"?><EnumerationResults><Blobs>%s</Blobs><NextMarker>%s</NextMarker></EnumerationResults>`, blob, next[marker])
				})
				var last error
				for _, err := range s.List(t.Context(), "") {
					last = err
				}
				if downloadview.StatusCode(last) != http.StatusBadGateway || !strings.Contains(fmt.Sprint(last), "listing") || asked > 20 {
					t.Errorf("%v after %d requests, want 502 for the listing", last, asked)
				}
			})
		}
	}
}
