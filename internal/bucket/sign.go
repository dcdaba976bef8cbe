package bucket

import (
	"errors"
	"fmt"
	"strings"
)

// CheckSignable returns [errors.ErrUnsupported] for the name of an object that a
// signed URL can't have: clients resolve dot segments in the path of a URL, and
// would ask for another object.
func CheckSignable(name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("%w: clients resolve the dot segments of a URL", errors.ErrUnsupported)
		}
	}
	return nil
}
