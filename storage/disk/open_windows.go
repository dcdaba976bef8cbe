package disk

import "path/filepath"

// localName returns key in the system's form.
func localName(key string) (string, bool) {
	name, err := filepath.Localize(key)
	return name, err == nil
}
