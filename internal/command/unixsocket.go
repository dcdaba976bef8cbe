package command

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
)

// listenUnix listens on a socket at path. The socket that a dead server left
// there is replaced; nothing else is.
func listenUnix(path string) (net.Listener, error) {
	if runtime.GOOS == "linux" && strings.HasPrefix(path, "@") { // in no file system
		ln, err := net.Listen("unix", path)
		if err != nil {
			return nil, fmt.Errorf("--listen unix:%s: %w", path, listenCause(err))
		}
		return ln, nil
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("--listen unix:%s: %w", path, err)
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		err = listenCause(err)
		if len(path) > longestSocketPath {
			err = fmt.Errorf("%w; its %d bytes are more than a socket's path may have", err, len(path))
		}
		return nil, fmt.Errorf("--listen unix:%s: %w", path, err)
	}
	ln.SetUnlinkOnClose(false)
	bound, err := os.Lstat(path)
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("--listen unix:%s: %w", path, err)
	}
	return &unixListener{UnixListener: ln, path: path, bound: bound}, nil
}

const longestSocketPath = 103 // sun_path of macOS; Linux has four bytes more

// removeStale removes the socket at path if nobody listens there. Anything but
// a socket stays.
func removeStale(path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return directoryCause(err)
	case fi.Mode().Type() != fs.ModeSocket:
		return errors.New("there is something else, not a socket; name a path that is free")
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return errors.New("address already in use, another server answers there")
	}
	if !errors.Is(err, connectionRefused) {
		return listenCause(err)
	}
	return os.Remove(path)
}

func directoryCause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// A unixListener removes its socket when it is closed. Package net would
// remove whatever has the name by then, another server's socket included.
type unixListener struct {
	*net.UnixListener
	path  string
	bound fs.FileInfo
	once  sync.Once
}

func (l *unixListener) Close() error {
	l.once.Do(func() {
		if fi, err := os.Lstat(l.path); err == nil && os.SameFile(fi, l.bound) {
			os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}
