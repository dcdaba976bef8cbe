package middleware

import (
	"syscall"
	"time"
)

// inodeOf returns the inode of a local file, and when the system last changed it: no
// program can set that time.
func inodeOf(sys any) (inode uint64, changed time.Time, ok bool) {
	st, ok := sys.(*syscall.Stat_t)
	if !ok {
		return 0, time.Time{}, false
	}
	return st.Ino, time.Unix(st.Ctim.Unix()), true
}
