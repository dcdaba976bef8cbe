package localfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// forSearch opens a folder without reading it; this needs only the permission
// to search.
const forSearch = unix.O_PATH | unix.O_DIRECTORY

func isDenied(err error) bool { return errors.Is(err, syscall.EACCES) }

// openSearch opens the folder path for searching.
func openSearch(path string) (*os.File, error) {
	fd, err := unix.Open(path, forSearch|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	dir := os.NewFile(uintptr(fd), path)
	if _, err := searchStat(dir, "."); err != nil { // no permission to search, or not supported
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// searchable opens the folder of root for searching.
func searchable(root *os.Root) (*os.File, error) { return root.OpenFile(".", forSearch, 0) }

// openBeneath opens name below dir as an [os.Root] does: a link is followed if
// it is relative and stays inside.
func openBeneath(dir *os.File, name string, flags int) (*os.File, error) {
	how := &unix.OpenHow{
		Flags:   uint64(flags) | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	var fd int
	err := at(dir, "openat2", name, func(dirfd int) (err error) {
		// The system gives up if a folder is renamed while it resolves "..".
		for range 100 {
			fd, err = unix.Openat2(dirfd, name, how)
			if err != unix.EINTR && (err != unix.EAGAIN || flags&unix.O_PATH == 0) {
				break
			}
		}
		switch err {
		case unix.EXDEV:
			return errLeadsOut
		case unix.EPERM, unix.E2BIG, unix.EINVAL: // filters of system calls, old systems
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(dir.Name(), name)), nil
}

// at calls f with the descriptor of dir, which stays open meanwhile.
func at(dir *os.File, op, name string, f func(dirfd int) error) error {
	c, err := dir.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		failed = fmt.Errorf("%w: %w", fs.ErrClosed, err)
	}
	if failed != nil {
		return &fs.PathError{Op: op, Path: name, Err: failed}
	}
	return nil
}

func searchOpen(dir *os.File, name string) (*os.File, error) { return openBeneath(dir, name, Flag) }

func searchFolder(dir *os.File, name string) (*os.File, error) {
	return openBeneath(dir, name, forSearch)
}

func searchStat(dir *os.File, name string) (fs.FileInfo, error) {
	return statBeneath(dir, name, unix.O_PATH)
}

func searchLstat(dir *os.File, name string) (fs.FileInfo, error) {
	return statBeneath(dir, name, unix.O_PATH|unix.O_NOFOLLOW)
}

func statBeneath(dir *os.File, name string, flags int) (fs.FileInfo, error) {
	h, err := openBeneath(dir, name, flags)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Stat()
}

// inParent calls f with the descriptor of the folder that contains name, and
// the last element of name.
func inParent(dir *os.File, op, name string, f func(dirfd int, base string) error) error {
	parent, err := searchFolder(dir, filepath.Dir(name))
	if err != nil {
		return err
	}
	defer parent.Close()
	return at(parent, op, name, func(dirfd int) error { return f(dirfd, filepath.Base(name)) })
}

func searchCreate(dir *os.File, name string) (*os.File, error) {
	var fd int
	err := inParent(dir, "openat", name, func(dirfd int, base string) (err error) {
		const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC | Large
		for {
			if fd, err = unix.Openat(dirfd, base, flags, 0o666); err != unix.EINTR {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(dir.Name(), name)), nil
}

func searchRemove(dir *os.File, name string) error {
	return inParent(dir, "unlinkat", name, func(dirfd int, base string) error {
		err := unix.Unlinkat(dirfd, base, 0)
		if err == unix.EISDIR || err == unix.EPERM {
			if as := unix.Unlinkat(dirfd, base, unix.AT_REMOVEDIR); as != unix.ENOTDIR {
				return as
			}
		}
		return err
	})
}

func searchRename(dir *os.File, old, to string) error {
	return at(dir, "renameat", old, func(dirfd int) error { return unix.Renameat(dirfd, old, dirfd, to) })
}

func searchMkdirAll(dir *os.File, name string) error {
	fi, err := searchStat(dir, name)
	switch {
	case err == nil && fi.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdirat", Path: name, Err: unix.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := searchMkdirAll(dir, filepath.Dir(name)); err != nil {
		return err
	}
	err = inParent(dir, "mkdirat", name, func(dirfd int, base string) error {
		return unix.Mkdirat(dirfd, base, 0o777)
	})
	if errors.Is(err, fs.ErrExist) {
		if fi, statErr := searchStat(dir, name); statErr == nil && fi.IsDir() { // another process has created it
			return nil
		}
	}
	return err
}
