package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"strconv"

	"github.com/downloadview/downloadview/internal/config"
)

// groupOf returns the number of the socket's group, -1 if a has none.
func groupOf(a config.Address) (int, error) {
	if runtime.GOOS == "windows" && a.Mode != 0 {
		return -1, usageErrorf("--listen %v has a mode or a group, which sockets on Windows can't have; want %[1]v alone", a)
	}
	if a.Group == "" {
		return -1, nil
	}
	if gid, err := strconv.ParseUint(a.Group, 10, 31); err == nil {
		return int(gid), nil
	}
	g, err := user.LookupGroup(a.Group)
	if _, unknown := errors.AsType[user.UnknownGroupError](err); unknown {
		return -1, fmt.Errorf("--listen %v: this machine has no group %q; want the name or the number of a group", a, a.Group)
	}
	if err != nil {
		return -1, fmt.Errorf("--listen %v: group %q: %w", a, a.Group, err)
	}
	return strconv.Atoi(g.Gid)
}

// permit sets the group of the socket to gid, and then its mode.
func permit(a config.Address, gid int) error {
	if a.Mode == 0 {
		return nil
	}
	if gid >= 0 {
		err := os.Lchown(a.Name, -1, gid)
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("--listen %v: group %q: %w; want a group that this user is in, or a start as root", a, a.Group, directoryCause(err))
		}
		if err != nil {
			return fmt.Errorf("--listen %v: group %q: %w", a, a.Group, directoryCause(err))
		}
	}
	if err := os.Chmod(a.Name, a.Mode); err != nil {
		return fmt.Errorf("--listen %v: mode %#o: %w", a, a.Mode, directoryCause(err))
	}
	return nil
}
