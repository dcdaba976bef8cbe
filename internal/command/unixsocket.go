package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/downloadview/downloadview/internal/config"
)

// listenUnix listens on a socket at a. It replaces the socket that a dead server left
// there, and nothing else. If a has a mode or a group, only this user can connect until
// the socket has both (on Linux).
func listenUnix(a config.Address) (net.Listener, error) {
	if runtime.GOOS == "linux" && strings.HasPrefix(a.Name, "@") { // in no file system
		ln, err := net.Listen("unix", a.Name)
		if err != nil {
			return nil, fmt.Errorf("--listen %v: %w", a, listenCause(err))
		}
		return ln, nil
	}
	gid, err := groupOf(a)
	if err != nil {
		return nil, err
	}
	if err := removeStale(a.Name); err != nil {
		return nil, fmt.Errorf("--listen %v: %w", a, err)
	}
	var lc net.ListenConfig
	if a.Mode != 0 {
		lc.Control = beforeBind
	}
	general, err := lc.Listen(context.Background(), "unix", a.Name)
	if err != nil {
		err = listenCause(err)
		if len(a.Name) > longestSocketPath {
			err = fmt.Errorf("%w; the path has %d bytes, more than the path of a socket may have", err, len(a.Name))
		}
		return nil, fmt.Errorf("--listen %v: %w", a, err)
	}
	ln := general.(*net.UnixListener)
	ln.SetUnlinkOnClose(false)
	bound, err := os.Lstat(a.Name)
	if err != nil {
		ln.Close()
		return nil, fmt.Errorf("--listen %v: %w", a, err)
	}
	l := &unixListener{UnixListener: ln, path: a.Name, bound: bound}
	if err := permit(a, gid); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

const longestSocketPath = 103 // sun_path of macOS; Linux has four bytes more

// removeStale removes the socket at path if no server listens there. It removes
// nothing but a socket.
func removeStale(path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return directoryCause(err)
	case fi.Mode().Type() != fs.ModeSocket:
		return errors.New("the path exists and is not a socket; want a free path")
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return errors.New("address already in use: another server answers there")
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

// A unixListener removes its socket when it is closed. Package net would remove any
// file that has the name by then, even the socket of another server.
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
