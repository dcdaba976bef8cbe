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

// Save writes what r gives to a file with a temporary name beside key, syncs
// it, and renames it to key. What [downloadview.Saver] promises is as good as
// the Rename of the Fs:
//   - [afero.OsFs], and [afero.BasePathFs] over it, rename in one step. The
//     folder itself is not synced: after a power failure the old file may be
//     back. Unlike storage/disk it follows symbolic links out of the folder.
//   - [afero.MemMapFs] renames in one step.
//   - [afero.CopyOnWriteFs] does what its layer does, and
//     [afero.CacheOnReadFs] renames twice, first below and then in the cache.
//   - [afero.ReadOnlyFs], and any other that says EPERM, is
//     [errors.ErrUnsupported].
//
// An Fs whose Rename doesn't replace keeps its old file and fails.
//
// Folders that are missing are made, with the permissions 0777 less the umask,
// where files get 0666. A temporary name looks like ".downloadview-….tmp"; no
// key has one, so that what a killed process leaves is neither served nor
// listed. It can be removed when it is older than the longest upload.
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
			err = fmt.Errorf("%w (%s is left: %v)", err, left.name, left.why)
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
		return fmt.Errorf("%w, and is no file (mode %v)", fs.ErrExist, fi.Mode())
	}
	return s.write(filepath.Join(folder, incoming.Name()), name, in)
}

// write puts a whole file called name into the Fs, by way of the temporary one, or
// nothing.
func (s *Storage) write(temporary, name string, in *incoming.Reader) (err error) {
	var f afero.File
	renamed := false
	defer func() { // also where in panics
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

// A leftover is an error after which a temporary file couldn't be removed.
type leftover struct {
	err  error
	name string
	why  error
}

func (l *leftover) Error() string { return l.err.Error() }

// create makes the file called temporary.
func (s *Storage) create(temporary string) (afero.File, error) {
	f, err := s.fs.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		// An afero.CacheOnReadFs would read the new file, which is open for writing,
		// into its cache. It has a Create that doesn't.
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

// discard removes the file called temporary, of which an operation that failed may
// have left nothing, or a part in one layer.
func (s *Storage) discard(temporary string) error {
	err := s.fs.Remove(temporary)
	if _, gone := s.fs.Stat(temporary); err == nil || errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	// A cache keeps what is no more below it. With both there, both go.
	f, created := s.fs.OpenFile(temporary, os.O_WRONLY|os.O_CREATE, 0o666)
	if created != nil || f == nil {
		return err
	}
	f.Close()
	return s.fs.Remove(temporary)
}

// lstat looks at name itself where the Fs can.
func (s *Storage) lstat(name string) (fs.FileInfo, error) {
	if l, ok := s.fs.(afero.Lstater); ok {
		fi, _, err := l.LstatIfPossible(name)
		return fi, err
	}
	return s.fs.Stat(name)
}

// saveError says in the words of io/fs what went wrong.
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
