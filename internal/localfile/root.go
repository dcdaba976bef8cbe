package localfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// A Root is a folder below which files are opened. Like an [os.Root] it reaches
// nothing outside. Unlike one, it needs only search permission for folders, not
// read permission (mode 0711), including the top folder. This works on Linux
// 5.6 and later; on other systems read permission is needed.
type Root struct {
	root   *os.Root // nil: the folder can't be read
	folder *os.File // the folder for searching, only where root is nil
	own    bool     // Close closes root
}

// OpenRoot opens the folder dir, following links. It never waits for the other
// end of a pipe. The caller closes the result.
func OpenRoot(dir string) (*Root, error) {
	root, err := os.OpenRoot(dir + onlyFolder)
	if err == nil {
		return &Root{root: root, own: true}, nil
	}
	if isDenied(err) {
		if folder, searchErr := openSearch(dir + onlyFolder); searchErr == nil {
			return &Root{folder: folder}, nil
		}
	}
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = &fs.PathError{Op: of.Op, Path: dir, Err: of.Err}
	}
	return nil, err
}

// Below returns a Root of the folder of root, which the caller closes. Close of
// the result does nothing.
func Below(root *os.Root) *Root { return &Root{root: root} }

// Close closes the folder if OpenRoot opened it. Open files stay open; any
// later call is [fs.ErrClosed].
func (r *Root) Close() error {
	switch {
	case r.root == nil:
		return r.folder.Close()
	case r.own:
		return r.root.Close()
	}
	return nil
}

// Open opens name for reading. It doesn't wait for the other end of a pipe. It
// waits up to [Patience] for a file under a write lease.
func (r *Root) Open(ctx context.Context, name string) (*os.File, error) {
	return Await(ctx, func() (*os.File, error) { return r.open(name) })
}

func (r *Root) open(name string) (*os.File, error) {
	var err error
	if r.root != nil {
		var h *os.File
		if h, err = r.root.OpenFile(name, Flag, 0); !isDenied(err) {
			return h, err
		}
	}
	return search(r, err, func(dir *os.File) (*os.File, error) { return searchOpen(dir, name) })
}

// Stat returns the metadata of name, or of its target if it is a link.
func (r *Root) Stat(name string) (fs.FileInfo, error) {
	var err error
	if r.root != nil {
		var fi fs.FileInfo
		if fi, err = r.root.Stat(name); !isDenied(err) {
			return fi, err
		}
	}
	return search(r, err, func(dir *os.File) (fs.FileInfo, error) { return searchStat(dir, name) })
}

// Lstat returns the metadata of name itself.
func (r *Root) Lstat(name string) (fs.FileInfo, error) {
	var err error
	if r.root != nil {
		var fi fs.FileInfo
		if fi, err = r.root.Lstat(name); !isDenied(err) {
			return fi, err
		}
	}
	return search(r, err, func(dir *os.File) (fs.FileInfo, error) { return searchLstat(dir, name) })
}

// OpenRoot opens the folder name, which the caller closes. It never waits for
// the other end of a pipe.
func (r *Root) OpenRoot(name string) (*Root, error) {
	name += onlyFolder
	var err error
	if r.root != nil {
		var below *os.Root
		below, err = r.root.OpenRoot(name)
		if err == nil {
			return &Root{root: below, own: true}, nil
		}
		if !isDenied(err) {
			return nil, err
		}
	}
	folder, err := search(r, err, func(dir *os.File) (*os.File, error) { return searchFolder(dir, name) })
	if err != nil {
		return nil, err
	}
	return &Root{folder: folder}, nil
}

// Create creates the file name, which must not exist, and opens it for writing.
func (r *Root) Create(name string) (*os.File, error) {
	var err error
	if r.root != nil {
		var h *os.File
		if h, err = r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|Large, 0o666); !isDenied(err) {
			return h, err
		}
	}
	return search(r, err, func(dir *os.File) (*os.File, error) { return searchCreate(dir, name) })
}

// Remove removes name: a file, a link, or an empty folder.
func (r *Root) Remove(name string) error {
	return r.do(
		func(root *os.Root) error { return root.Remove(name) },
		func(dir *os.File) error { return searchRemove(dir, name) })
}

// Sync writes the names in the folder itself to disk. A folder that can't be
// read can't be synced, which is not an error.
func (r *Root) Sync() error {
	if r.root == nil {
		return nil
	}
	f, err := r.root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Rename renames old to to. Neither name has more than one element.
func (r *Root) Rename(old, to string) error {
	return r.do(
		func(root *os.Root) error { return root.Rename(old, to) },
		func(dir *os.File) error { return searchRename(dir, old, to) })
}

// MkdirAll creates the folder name and all missing folders above it.
func (r *Root) MkdirAll(name string) error {
	return r.do(
		func(root *os.Root) error { return root.MkdirAll(name, 0o777) },
		func(dir *os.File) error { return searchMkdirAll(dir, name) })
}

func (r *Root) do(usual func(*os.Root) error, searching func(*os.File) error) error {
	var err error
	if r.root != nil {
		if err = usual(r.root); !isDenied(err) {
			return err
		}
	}
	_, err = search(r, err, func(dir *os.File) (struct{}, error) { return struct{}{}, searching(dir) })
	return err
}

// search tries again by f an operation that os.Root was denied. f asks the
// system to search folders without reading them. If the system can't, search
// returns denied.
func search[T any](r *Root, denied error, f func(dir *os.File) (T, error)) (T, error) {
	var none T
	dir := r.folder
	if dir == nil {
		var err error
		if dir, err = searchable(r.root); err != nil {
			return none, denied
		}
		defer dir.Close()
	}
	got, err := f(dir)
	if denied != nil && errors.Is(err, errors.ErrUnsupported) {
		return none, denied
	}
	return got, err
}

// LeadsOut reports whether r refused a path because it leads out.
func (r *Root) LeadsOut(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, errLeadsOut) {
		return true
	}
	if r.root == nil {
		return false
	}
	refused := outside(r.root)
	return refused != nil && errors.Is(err, refused)
}

// IsAbsent reports whether err, of opening or looking at something below r,
// means that there is no such file: it is missing, of another kind, or outside.
func (r *Root) IsAbsent(err error) bool { return isAbsent(err) || r.LeadsOut(err) }

// onlyFolder is a suffix that is valid only in the path of a folder.
const onlyFolder = "/."

// errLeadsOut is the error for a path that leads out, if os.Root wasn't used.
var errLeadsOut = errors.New("path escapes from its folder")
