package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
	"github.com/downloadview/downloadview/internal/localfile"
)

// Save writes what r gives to a new file in the folder of key, has the system
// put it on the disk, and renames it to key, so that a killed process or a
// power failure leaves the old file or the new one. Folders that are missing
// are made, and stay where Save fails. Files get the permissions 0666 and
// folders 0777, less the umask; those of a file that is replaced, its owner and
// its other names are not taken over.
//
// A symbolic link called key is itself replaced; what it leads to stays. Links
// on the way are followed inside the root, and one that leads out is
// [fs.ErrInvalid], as is a name that is too long. A folder, a pipe or another
// thing that is no file under key, and a file where a folder should be, is
// [fs.ErrExist]. With any error but that of the last step, putting the folder
// on the disk, the old file is still there.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	name, err := localKey(key)
	if err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	// One folder from the first step to the last, wherever the path leads meanwhile.
	root, at, err := s.openRoot()
	if err != nil {
		return &fs.PathError{Op: "save", Path: key, Err: at.saveError(in, err)}
	}
	defer root.Close()
	if err := save(root, name, in); err != nil {
		return &fs.PathError{Op: "save", Path: key, Err: at.saveError(in, err)}
	}
	return nil
}

// openRoot opens once more the folder that is used now.
func (s *Storage) openRoot() (*localfile.Root, *rooted, error) {
	for {
		at := s.at()
		root, err := at.root.OpenRoot(".")
		if !s.replaced(at, err) {
			return root, at, err
		}
	}
}

func save(root *localfile.Root, name string, in *incoming.Reader) error {
	if err := in.Err(); err != nil {
		return err
	}
	dir, base := filepath.Split(name)
	dir = filepath.Clean(dir)
	folder, made, err := openFolder(root, dir)
	if err != nil {
		return err
	}
	// From here on the folder is the open one, whatever is done to its name.
	defer folder.Close()
	if err := replaceable(folder, base); err != nil {
		return err
	}
	if err := write(folder, base, in); err != nil {
		return err
	}
	if err := syncFolder(folder); err != nil {
		return err
	}
	for made && dir != "." {
		dir = filepath.Dir(dir)
		if err := syncPath(root, dir); err != nil {
			return err
		}
	}
	return nil
}

// openFolder opens the folder dir, and makes it where it is missing.
func openFolder(root *localfile.Root, dir string) (folder *localfile.Root, made bool, err error) {
	if folder, err = root.OpenRoot(dir); err == nil {
		return folder, false, nil
	}
	// Why it can't be made says more than why it can't be opened.
	if err := root.MkdirAll(dir); err != nil {
		return nil, false, err
	}
	folder, err = root.OpenRoot(dir)
	return folder, true, err
}

// replaceable tells why a file can't be called base, before any byte is read.
func replaceable(folder *localfile.Root, base string) error {
	fi, err := folder.Lstat(base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.Mode().IsRegular(), fi.Mode().Type() == fs.ModeSymlink:
		return nil
	}
	return fmt.Errorf("%w, and is no file (mode %v)", fs.ErrExist, fi.Mode())
}

// write puts a whole file called base into folder, or nothing.
func write(folder *localfile.Root, base string, in *incoming.Reader) error {
	temporary := incoming.Name()
	f, err := folder.Create(temporary)
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // also where in panics
		f.Close()
		if !renamed {
			folder.Remove(temporary)
		}
	}()
	if _, err := io.Copy(f, in); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := in.Err(); err != nil {
		return err
	}
	err = folder.Rename(temporary, base)
	renamed = err == nil
	return err
}

func syncPath(root *localfile.Root, dir string) error {
	folder, err := root.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return syncFolder(folder)
}

// saveError says in the words of io/fs what went wrong. The names in the errors
// of the system are of no use: most are those that come before the key.
func (at *rooted) saveError(in *incoming.Reader, err error) error {
	if read := in.Err(); read != nil {
		return read
	}
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	cause := err
	switch {
	case errors.As(err, &pathErr):
		cause = pathErr.Err
	case errors.As(err, &linkErr):
		cause = linkErr.Err
	}
	switch {
	case at.root.LeadsOut(err):
		return fmt.Errorf("%w: %w", fs.ErrInvalid, cause)
	case isAny(err, impossible):
		return fmt.Errorf("%w: %w", fs.ErrInvalid, cause)
	case isAny(err, inTheWay):
		return fmt.Errorf("%w: %w", fs.ErrExist, cause)
	case errors.Is(cause, errors.ErrUnsupported): // by the system, not by the storage
		return downloadview.AsCause(cause)
	}
	return cause
}

var _ downloadview.Saver = (*Storage)(nil)
