package bucket_test

import (
	"errors"
	"testing"

	"github.com/downloadview/downloadview/internal/bucket"
)

func TestCheckSignable(t *testing.T) {
	for name, fine := range map[string]bool{
		"a/b": true, "a//b": true, "/a": true, ".a/b.": true, "a/..b": true, "...": true,
		".": false, "..": false, "./a": false, "a/.": false, "a/../b": false, "in/../a": false,
	} {
		if err := bucket.CheckSignable(name); (err == nil) != fine || err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("CheckSignable(%q) = %v, want that it is fine: %t", name, err, fine)
		}
	}
}
