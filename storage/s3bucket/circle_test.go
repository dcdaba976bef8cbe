package s3bucket_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// A listing that goes round in circles, or is cut off, is an error, and no list.
func TestListingInCircles(t *testing.T) {
	for name, next := range map[string]map[string]string{
		"one token":       {"": "a", "a": "a"},
		"two tokens":      {"": "a", "a": "b", "b": "a"},
		"late":            {"": "a", "a": "b", "b": "c", "c": "d", "d": "d"},
		"no token at all": {"": ""},
	} {
		for _, entry := range []string{"", "<Contents><Key>%s</Key><Size>1</Size></Contents>"} {
			t.Run(fmt.Sprintf("%s, %d", name, len(entry)), func(t *testing.T) {
				asked := 0
				s := fake(t, func(w http.ResponseWriter, r *http.Request) {
					asked++
					token := r.FormValue("continuation-token")
					if asked > 50 {
						http.Error(w, "enough", http.StatusForbidden)
						return
					}
					fmt.Fprint(w, "<ListBucketResult><IsTruncated>true</IsTruncated>")
					if entry != "" {
						fmt.Fprintf(w, entry, "key"+token)
					}
					if n := next[token]; n != "" {
						fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", n)
					}
					io.WriteString(w, "</ListBucketResult>")
				})
				var last error
				files := 0
				for _, err := range s.List(t.Context(), "") {
					last = err
					files++
				}
				if downloadview.StatusCode(last) != http.StatusBadGateway || !strings.Contains(fmt.Sprint(last), "listing") || asked > 20 {
					t.Errorf("%v after %d requests, want 502 for the listing", last, asked)
				}
				if files > 10 {
					t.Errorf("%d files were listed, of 5 at most", files)
				}
			})
		}
	}
}
