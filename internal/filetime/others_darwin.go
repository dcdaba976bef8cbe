package filetime

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

func others(_ *os.File, fi fs.FileInfo) (created, accessed time.Time, err error) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		created = time.Unix(st.Birthtimespec.Unix())
		accessed = time.Unix(st.Atimespec.Unix())
	}
	return created, accessed, nil
}
