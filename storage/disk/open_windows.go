package disk

import "path/filepath"

// localName returns key as the system spells it.
func localName(key string) (string, bool) {
	name, err := filepath.Localize(key)
	return name, err == nil
}
