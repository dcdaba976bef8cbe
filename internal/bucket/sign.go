package bucket

import (
	"errors"
	"fmt"
	"strings"
)

// CheckSignable returns [errors.ErrUnsupported] if name has dot segments:
// clients resolve those in the path of a URL and would request another object.
func CheckSignable(name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("%w: clients resolve the dot segments of a URL", errors.ErrUnsupported)
		}
	}
	return nil
}
