package incoming

import (
	"crypto/rand"
	"strings"
)

// A file that isn't whole yet has a name of this form, with rand.Text between.
const (
	prefix = ".downloadview-"
	suffix = ".tmp"
)

// Name returns a new name for a file that isn't whole yet. It begins with a
// dot and has 44 bytes.
func Name() string { return prefix + rand.Text() + suffix }

// IsName tells whether the last element of key is such a name, also for a
// system that takes upper and lower case for the same.
func IsName(key string) bool {
	name := key[strings.LastIndexByte(key, '/')+1:]
	return len(name) >= len(prefix)+len(suffix) &&
		strings.EqualFold(name[:len(prefix)], prefix) &&
		strings.EqualFold(name[len(name)-len(suffix):], suffix)
}
