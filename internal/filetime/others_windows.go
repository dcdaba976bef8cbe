package filetime

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

func others(_ *os.File, fi fs.FileInfo) (created, accessed time.Time, err error) {
	if st, ok := fi.Sys().(*syscall.Win32FileAttributeData); ok {
		created = time.Unix(0, st.CreationTime.Nanoseconds())
		accessed = time.Unix(0, st.LastAccessTime.Nanoseconds())
	}
	return created, accessed, nil
}
