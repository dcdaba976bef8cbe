package filetime

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func others(f *os.File, _ fs.FileInfo) (created, accessed time.Time, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return created, accessed, err
	}
	var got unix.Statx_t
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = unix.Statx(int(fd), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME|unix.STATX_ATIME, &got)
	})
	if err = errors.Join(err, failed); err != nil {
		return created, accessed, &fs.PathError{Op: "statx", Path: f.Name(), Err: err}
	}
	return known(got, unix.STATX_BTIME, got.Btime), known(got, unix.STATX_ATIME, got.Atime), nil
}

func known(got unix.Statx_t, what uint32, t unix.StatxTimestamp) time.Time {
	if got.Mask&what == 0 {
		return time.Time{}
	}
	return time.Unix(t.Sec, int64(t.Nsec))
}
