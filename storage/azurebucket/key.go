package azurebucket

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/bucket"
)

// maxName is the maximum length of a blob's name, in characters.
const maxName = 1024

// checkKey returns the reason why key is invalid, or nil.
func (s *Storage) checkKey(key string) error {
	if err := bucket.CheckKey(key); err != nil {
		return err
	}
	if strings.ContainsFunc(key, forbidden) {
		return errors.New("the key has a backslash or a control character")
	}
	limit := maxName - utf8.RuneCountInString(s.o.Prefix)
	if n := utf8.RuneCountInString(key); n > limit {
		return fmt.Errorf("the key has %d characters; want at most %d", n, limit)
	}
	return nil
}

// forbidden reports whether r can't be in a name. Azure treats a backslash as a
// slash: "a\b" would be another key for "a/b", and "..\" would leave the
// prefix.
func forbidden(r rune) bool { return r == '\\' || unicode.IsControl(r) }
