package localfile

import (
	"io/fs"
	"os"
	"time"

	"github.com/downloadview/downloadview"
)

// An unsized file has bytes although its system says that its size is 0. Files of /proc
// are like that, and on some mounts the documents of remote stores. Only reading tells
// where it ends, so it has neither a size nor ranges.
type unsized struct {
	file *os.File
	info fs.FileInfo
}

// Sized returns h and fi, its metadata, or an unsized file and its metadata in their
// place. A file that was written just now has its new size. After an error, the caller
// closes h.
func Sized(name string, h *os.File, fi fs.FileInfo) (fs.File, fs.FileInfo, error) {
	if fi.Size() > 0 {
		return h, fi, nil
	}
	if n, _ := h.ReadAt(make([]byte, 1), 0); n == 0 {
		return h, fi, nil
	}
	if now, err := h.Stat(); err != nil || now.Size() > 0 {
		return h, now, err
	}
	// Files with such a time aren't handed over to proxies, which believe the size.
	info := downloadview.Attributes{Size: -1, ModTime: time.Unix(0, 0)}.FileInfo(name)
	return &unsized{h, info}, info, nil
}

func (u *unsized) Stat() (fs.FileInfo, error) { return u.info, nil }
func (u *unsized) Read(p []byte) (int, error) { return u.file.Read(p) }
func (u *unsized) Close() error               { return u.file.Close() }

var _ fs.File = (*unsized)(nil)
