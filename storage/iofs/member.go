package iofs

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
)

// member is an open member of an archive. Package zip verifies the checksum
// when the end is read. A reader that knows the size doesn't read the end, so
// member does, before it returns the last bytes.
type member struct {
	whole fs.File
	info  fs.FileInfo
	size  int64 // -1: unknown
	left  int64 // bytes not yet read
	end   [1]byte
}

func (m *member) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *member) Close() error               { return m.whole.Close() }

func (m *member) Read(p []byte) (int, error) {
	n, err := m.whole.Read(p)
	m.left -= int64(n)
	if err != nil && err != io.EOF {
		return 0, err // if the last bytes came with it, io.ReadFull would drop it
	}
	if err == io.EOF || m.size < 0 || m.left > 0 {
		return n, err
	}
	if _, err = io.ReadFull(m.whole, m.end[:]); err == nil {
		err = zip.ErrFormat // there are more bytes than the size says
	}
	if err != io.EOF {
		return 0, err
	}
	return n, io.EOF
}

// storedMember is a member that is stored uncompressed.
type storedMember struct {
	member
	file *zip.File
	raw  io.ReadSeeker // nil: nothing but reads from the start so far
}

func (m *storedMember) Read(p []byte) (int, error) {
	if m.raw == nil {
		return m.member.Read(p)
	}
	return m.raw.Read(p)
}

func (m *storedMember) Seek(offset int64, whence int) (int64, error) {
	at := m.size - m.left
	if m.raw == nil {
		if whence == io.SeekStart && offset == at {
			return at, nil // and the checksum is still verified
		}
		r, err := m.file.OpenRaw()
		if err != nil {
			return 0, err
		}
		raw, ok := r.(io.ReadSeeker)
		if !ok {
			return 0, fmt.Errorf("the reader of an uncompressed member is a %T, which can't seek", r)
		}
		if _, err := raw.Seek(at, io.SeekStart); err != nil {
			return 0, err
		}
		m.raw = raw
	}
	return m.raw.Seek(offset, whence)
}

var (
	_ fs.File   = (*member)(nil)
	_ fs.File   = (*storedMember)(nil)
	_ io.Seeker = (*storedMember)(nil)
)
