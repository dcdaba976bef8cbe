package iofs

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/checksum"
)

// encrypted is the bit in a header's Flags that marks an encrypted member.
const encrypted = 1

// membersOf returns the members of fsys, if it is an archive.
func membersOf(fsys fs.FS) ([]*zip.File, bool) {
	switch z := fsys.(type) {
	case *zip.Reader:
		return z.File, true
	case *zip.ReadCloser:
		return z.File, true
	}
	return nil, false
}

// storedMembers returns those members that are stored uncompressed.
func storedMembers(members []*zip.File) map[*zip.FileHeader]*zip.File {
	stored := make(map[*zip.FileHeader]*zip.File)
	for _, f := range members {
		if f.Method == zip.Store && f.CompressedSize64 == f.UncompressedSize64 {
			stored[&f.FileHeader] = f
		}
	}
	return stored
}

func (s *Storage) member(key string, h fs.File, header *zip.FileHeader) (fs.File, error) {
	if header.Flags&encrypted != 0 {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fmt.Errorf("encrypted: %w", zip.ErrAlgorithm)}
	}
	a := attributes(header)
	m := member{whole: h, info: a.FileInfo(key), size: a.Size, left: a.Size}
	if a.Size >= 0 && (header.CRC32 != 0 || a.Size == 0) {
		m.info = checksum.FileInfo(a, key, header.CRC32)
	}
	if f, ok := s.stored[header]; ok && a.Size >= 0 {
		return &storedMember{member: m, file: f}, nil
	}
	return &m, nil
}

// attributes returns the metadata of a member in its archive.
func attributes(header *zip.FileHeader) downloadview.Attributes {
	a := downloadview.Attributes{Size: max(header.FileInfo().Size(), -1)}
	if !downloadview.UsefulModTime(header.Modified) {
		return a
	}
	// A header without a checksum has 0. So has one in 2^32 headers with a
	// checksum.
	if a.Size >= 0 && (header.CRC32 != 0 || a.Size == 0) {
		a.ETag = tag(header.Modified, a.Size, header.CRC32)
	}
	// With this location, package zip marks a time whose zone is known.
	if a.ETag != "" && header.Modified.Location() != time.UTC {
		a.ModTime = header.Modified
	}
	return a
}

func tag(modified time.Time, size int64, checksum uint32) string {
	b := make([]byte, 0, 44)
	b = append(b, '"')
	b = strconv.AppendInt(b, modified.UnixNano(), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, size, 16)
	b = append(b, '-')
	b = strconv.AppendUint(b, uint64(checksum), 16)
	b = append(b, '"')
	return string(b)
}
