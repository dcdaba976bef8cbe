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

// Save writes the bytes of r to a new file in the folder of key, syncs it to
// disk, and renames it to key. After a kill or a power failure there is either
// the old file or the new one. Missing folders are created, and stay if Save
// fails. Files get the permissions 0666 and folders 0777, less the umask. A
// file that is replaced doesn't pass on its permissions, owner or other hard
// links.
//
// If key is a symbolic link, the link is replaced and its target stays. Links
// in the folders of key are followed inside the root. A link that leads out is
// [fs.ErrInvalid], and so is a name that is too long. If key names a folder, a
// pipe or anything else but a regular file, or if a file stands where a folder
// is needed, the error is [fs.ErrExist]. After any error the old file is still
// there, except if only the last step failed, which syncs the folder.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	name, err := localKey(key)
	if err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	// All steps use the same folder, even if the path leads to another one
	// meanwhile.
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

// openRoot opens the current folder once more.
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
	// From here on only the open folder counts, even if it is renamed or
	// replaced.
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

// openFolder opens the folder dir, and creates it if it is missing.
func openFolder(root *localfile.Root, dir string) (folder *localfile.Root, made bool, err error) {
	if folder, err = root.OpenRoot(dir); err == nil {
		return folder, false, nil
	}
	// The error of creating it says more than the error of opening it.
	if err := root.MkdirAll(dir); err != nil {
		return nil, false, err
	}
	folder, err = root.OpenRoot(dir)
	return folder, true, err
}

// replaceable returns the reason why no file can have the name base, before any
// byte is read.
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
	return fmt.Errorf("%w and is not a regular file (mode %v)", fs.ErrExist, fi.Mode())
}

// write puts a complete file called base into folder, or none.
func write(folder *localfile.Root, base string, in *incoming.Reader) error {
	temporary := incoming.Name()
	f, err := folder.Create(temporary)
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // even if in panics
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

// saveError classifies err in terms of io/fs. It drops the names in the
// system's errors: most are those of path elements before the key.
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
	case errors.Is(cause, errors.ErrUnsupported): // the system's, not the storage's
		return downloadview.AsCause(cause)
	}
	return cause
}

var _ downloadview.Saver = (*Storage)(nil)
