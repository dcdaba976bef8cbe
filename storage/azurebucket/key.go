package azurebucket

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/bucket"
)

// maxName is the length of the longest name of a blob, in characters.
const maxName = 1024

// checkKey tells why key can't be that of a blob; nil is fine.
func (s *Storage) checkKey(key string) error {
	if err := bucket.CheckKey(key); err != nil {
		return err
	}
	if strings.ContainsFunc(key, forbidden) {
		return errors.New("a key has no backslash and no control character")
	}
	limit := maxName - utf8.RuneCountInString(s.o.Prefix)
	if n := utf8.RuneCountInString(key); n > limit {
		return fmt.Errorf("a key of %d characters, the limit is %d", n, limit)
	}
	return nil
}

// forbidden tells which characters no name has. Azure takes a backslash for a
// slash: "a\b" would be another key of "a/b", and "..\" a way out.
func forbidden(r rune) bool { return r == '\\' || unicode.IsControl(r) }
