//go:build unix || js || wasip1

package disk

import (
	"io/fs"
	"strings"
)

// localName returns key in the system's form. File names are bytes here: only
// the rules of fs.ValidPath about path elements apply, not the one about UTF-8.
func localName(key string) (string, bool) {
	if strings.ContainsRune(key, 0) {
		return "", false
	}
	return key, fs.ValidPath(strings.ToValidUTF8(key, "\uFFFD"))
}
