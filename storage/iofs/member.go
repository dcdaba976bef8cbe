package iofs

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
)

// member is an open member of an archive. Package zip compares its checksum
// when it is read to the end, and those who know the size don't ask for the
// end; so it is asked for here, before the last bytes are given.
type member struct {
	whole fs.File
	info  fs.FileInfo
	size  int64 // -1: not known
	left  int64 // bytes that are still to come
	end   [1]byte
}

func (m *member) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *member) Close() error               { return m.whole.Close() }

func (m *member) Read(p []byte) (int, error) {
	n, err := m.whole.Read(p)
	m.left -= int64(n)
	if err != nil && err != io.EOF {
		return 0, err // with the last bytes, io.ReadFull would take it for success
	}
	if err == io.EOF || m.size < 0 || m.left > 0 {
		return n, err
	}
	if _, err = io.ReadFull(m.whole, m.end[:]); err == nil {
		err = zip.ErrFormat // it goes on
	}
	if err != io.EOF {
		return 0, err
	}
	return n, io.EOF
}

// storedMember is one whose bytes stand in the archive as they are.
type storedMember struct {
	member
	file *zip.File
	raw  io.ReadSeeker // nil: read from the start so far
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
			return at, nil // and the checksum still counts
		}
		r, err := m.file.OpenRaw()
		if err != nil {
			return 0, err
		}
		raw, ok := r.(io.ReadSeeker)
		if !ok {
			return 0, fmt.Errorf("a stored member gives a %T, which can't seek", r)
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
