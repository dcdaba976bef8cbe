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

// keys is how the key of a file is found in the path of a URL.
type keys struct {
	below   string // the path of the mount, with a slash at both ends
	clean   bool   // the path of a directory leads to the same file when it isn't clean
	dotless bool   // names that begin with a dot are not found
}

// keysOf returns how keys of storage are found below the path of m. Those of a
// bucket are names that somebody gave an object, as they are.
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

// A fileBucket is the storage of a file:// URL: a directory, with the keys that
// gocloud gives it.
type fileBucket struct{ wrapper.Storage }

func (b fileBucket) File(key string) (downloadview.File, error) { return b.Inner.File(key) }

var errHidden = errors.New("a name in it begins with a dot, and is served with --hidden alone")

// key is the Key of a [downloadview.StorageView]: what follows the path of the
// mount in the URL, which net/http has decoded.
func (k keys) key(r *http.Request) (string, error) {
	path := r.URL.Path
	if k.clean {
		path, _ = cleanPath(path) // with ".." it is no key
	}
	key := strings.TrimPrefix(path, k.below)
	if k.dotless && isHidden(key) {
		return key, &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, errHidden)}
	}
	return key, nil
}

// lists tells whether a folder's page has a row for name.
func (k keys) lists(name string) bool { return !k.dotless || !strings.HasPrefix(name, ".") }

// doctorFolder begins the name of the folder in which the doctor has its files,
// for as long as it looks: "downloadview doctor" asks serve for them.
const doctorFolder = ".downloadview-doctor-"

// isHidden tells whether a name in key begins with a dot.
func isHidden(key string) bool {
	if strings.HasPrefix(key, doctorFolder) {
		return false
	}
	return strings.HasPrefix(key, ".") || strings.Contains(key, "/.")
}
