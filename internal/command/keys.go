package command

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/wrapper"
	"github.com/downloadview/downloadview/storage/disk"
)

// keys finds the key of a file in the path of a URL.
type keys struct {
	below   string // the path of the mount, with a slash at both ends
	clean   bool   // the path is cleaned first, as for a directory
	dotless bool   // names that begin with a dot are not found
}

// keysOf returns how the keys of storage are found below the path of m. The keys of a
// bucket are used as they are.
func keysOf(m *config.Mount, storage downloadview.Storage) keys {
	k := keys{below: m.Path}
	switch storage.(type) {
	case *disk.Storage:
		k.clean, k.dotless = true, !m.Hidden
	case fileBucket:
		k.dotless = !m.Hidden
	}
	return k
}

// A fileBucket is the storage of a file:// URL: a directory whose files have the keys
// of gocloud.
type fileBucket struct{ wrapper.Storage }

func (b fileBucket) File(key string) (downloadview.File, error) { return b.Inner.File(key) }

var errHidden = errors.New("a name in the key begins with a dot; such names are served only with --hidden")

// key is the Key of a [downloadview.StorageView]. The key is the part of the URL's path
// after the path of the mount, as net/http has decoded it.
func (k keys) key(r *http.Request) (string, error) {
	path := r.URL.Path
	if k.clean {
		path, _ = cleanPath(path) // a path with ".." is left, and is not a valid key
	}
	key := strings.TrimPrefix(path, k.below)
	if k.dotless && isHidden(key) {
		return key, &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, errHidden)}
	}
	return key, nil
}

// lists reports whether a folder's page has a row for name.
func (k keys) lists(name string) bool { return !k.dotless || !strings.HasPrefix(name, ".") }

// doctorFolder is the beginning of the name of the folder in which "downloadview
// doctor" puts its files. serve has to find them without --hidden.
const doctorFolder = ".downloadview-doctor-"

// isHidden reports whether a name in key begins with a dot.
func isHidden(key string) bool {
	if strings.HasPrefix(key, doctorFolder) {
		return false
	}
	return strings.HasPrefix(key, ".") || strings.Contains(key, "/.")
}
