//go:build unix

package disk

import (
	"io/fs"
	"strings"
)

// localName returns key as the system spells it. Names are bytes here, so that
// of fs.ValidPath only the rules about elements hold, not that about UTF-8.
func localName(key string) (string, bool) {
	if strings.ContainsRune(key, 0) {
		return "", false
	}
	return key, fs.ValidPath(strings.ToValidUTF8(key, "\uFFFD"))
}
