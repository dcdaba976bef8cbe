package incoming

import (
	"crypto/rand"
	"strings"
)

// The name of a file that is being saved has this form, with rand.Text in
// between.
const (
	prefix = ".downloadview-"
	suffix = ".tmp"
)

// Name returns a new name for a file that is being saved. It begins with a dot
// and has 44 bytes.
func Name() string { return prefix + rand.Text() + suffix }

// IsName reports whether the last element of key is such a name. It ignores
// case, because some systems do.
func IsName(key string) bool {
	name := key[strings.LastIndexByte(key, '/')+1:]
	return len(name) >= len(prefix)+len(suffix) &&
		strings.EqualFold(name[:len(prefix)], prefix) &&
		strings.EqualFold(name[len(name)-len(suffix):], suffix)
}
