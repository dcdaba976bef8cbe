package aferofs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// Save writes the bytes of r to a file with a temporary name beside key, syncs
// it, and renames it to key. Rename of the Fs decides how much of the promises
// of [downloadview.Saver] holds:
//   - [afero.OsFs], and [afero.BasePathFs] over it, rename in one step. The
//     folder itself is not synced: after a power failure the old file may be
//     back. Unlike storage/disk, they follow symbolic links out of the folder.
//   - [afero.MemMapFs] renames in one step.
//   - [afero.CopyOnWriteFs] renames as its layer does, and
//     [afero.CacheOnReadFs] renames twice, first in the base and then in the
//     cache.
//   - [afero.ReadOnlyFs], and any other Fs that returns EPERM, is
//     [errors.ErrUnsupported].
//
// If Rename of the Fs doesn't replace files, Save fails and the old file stays.
//
// Missing folders are created, with the permissions 0777 less the umask; files
// get 0666 less the umask. A temporary name looks like ".downloadview-….tmp".
// It is never a valid key, so a file that a killed process leaves is neither
// served nor listed. Remove such files when they are older than your longest
// upload.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	name, err := s.name(key)
	if err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	if err := s.save(name, in); err != nil {
		var left *leftover
		wasLeft := errors.As(err, &left)
		if wasLeft {
			err = left.err
		}
		if read := in.Err(); read != nil {
			err = read
		}
		err = saveError(err)
		if wasLeft {
			err = fmt.Errorf("%w (%s couldn't be removed: %v)", err, left.name, left.why)
		}
		return &fs.PathError{Op: "save", Path: key, Err: err}
	}
	return nil
}

func (s *Storage) save(name string, in *incoming.Reader) error {
	if err := in.Err(); err != nil {
		return err
	}
	folder := filepath.Dir(name)
	if err := s.fs.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	switch fi, err := s.lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case fi == nil:
		return errNothing
	case !fi.Mode().IsRegular() && fi.Mode().Type() != fs.ModeSymlink:
		return fmt.Errorf("%w and is not a regular file (mode %v)", fs.ErrExist, fi.Mode())
	}
	return s.write(filepath.Join(folder, incoming.Name()), name, in)
}

// write puts a complete file called name into the Fs, by way of the temporary
// one, or none.
func (s *Storage) write(temporary, name string, in *incoming.Reader) (err error) {
	var f afero.File
	renamed := false
	defer func() { // even if in panics
		if renamed {
			return
		}
		if f != nil {
			f.Close()
		}
		if left := s.discard(temporary); left != nil && err != nil {
			err = &leftover{err, filepath.Base(temporary), left}
		}
	}()
	if f, err = s.create(temporary); err != nil {
		return err
	}
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
	err = s.fs.Rename(temporary, name)
	renamed = err == nil
	return err
}

// A leftover is an error after which the temporary file couldn't be removed.
type leftover struct {
	err  error
	name string
	why  error
}

func (l *leftover) Error() string { return l.err.Error() }

// create creates the file called temporary.
func (s *Storage) create(temporary string) (afero.File, error) {
	f, err := s.fs.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		// With OpenFile, an afero.CacheOnReadFs would read the new file, which
		// is open for writing, into its cache. Its Create doesn't.
		if s.discard(temporary) != nil {
			return nil, err
		}
		var again error
		if f, again = s.fs.Create(temporary); again != nil {
			return nil, err
		}
	}
	if f == nil {
		return nil, errNothing
	}
	return f, nil
}

// discard removes the file called temporary. A failed operation may have left
// nothing, or a file in one of two layers.
func (s *Storage) discard(temporary string) error {
	err := s.fs.Remove(temporary)
	if _, gone := s.fs.Stat(temporary); err == nil || errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	// A cache keeps a file that its base no longer has. If both have it, both
	// remove it.
	f, created := s.fs.OpenFile(temporary, os.O_WRONLY|os.O_CREATE, 0o666)
	if created != nil || f == nil {
		return err
	}
	f.Close()
	return s.fs.Remove(temporary)
}

// lstat returns the metadata of name itself, not of its target, if the Fs can.
func (s *Storage) lstat(name string) (fs.FileInfo, error) {
	if l, ok := s.fs.(afero.Lstater); ok {
		fi, _, err := l.LstatIfPossible(name)
		return fi, err
	}
	return s.fs.Stat(name)
}

// saveError classifies err in terms of io/fs.
func saveError(err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	switch {
	case errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("%w: %w", fs.ErrInvalid, err)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%w: %w", fs.ErrExist, err)
	}
	return err
}

var _ downloadview.Saver = (*Storage)(nil)
