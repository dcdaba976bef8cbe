package archive

import (
	"archive/tar"
	"bytes"
	"time"
)

// tarFormat is the pax interchange format (POSIX.1-2001).
type tarFormat struct{}

const tarBlock = 512

// check removes what a tar archive doesn't keep.
func (tarFormat) check(m *member) error {
	m.comment, m.crc, m.known = "", 0, false
	_, err := tarHead(m)
	return err
}

func (tarFormat) checkEnd() error { return nil }

func tarHead(m *member) ([]byte, error) {
	header := &tar.Header{
		Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: m.name, Size: m.size,
		Mode: int64(m.mode.Perm()), ModTime: time.Unix(0, 0),
	}
	if m.isFolder() {
		header.Typeflag = tar.TypeDir
	}
	if m.modTime != unknownTime {
		header.ModTime = time.Unix(m.modTime, 0)
	}
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(header)
	return b.Bytes(), err
}

func (f tarFormat) headSize(m *member) int64 { return int64(len(f.head(nil, m))) }

func (tarFormat) head(b []byte, m *member) []byte {
	head, _ := tarHead(m) // check has tried it
	return append(b, head...)
}

func (tarFormat) bodySize(m *member) int64 { return m.size }
func (tarFormat) isFramed(*member) bool    { return false }
func (tarFormat) footSize(m *member) int64 { return -m.size & (tarBlock - 1) }

func (f tarFormat) foot(b []byte, m *member, _ uint32) []byte {
	return append(b, make([]byte, f.footSize(m))...)
}

func (tarFormat) recordSize(*member) int64                    { return 0 }
func (tarFormat) record(b []byte, _ *member, _ uint32) []byte { return b }
func (tarFormat) endSize(directory) int64                     { return 2 * tarBlock }
func (tarFormat) end(b []byte, _ directory) []byte            { return append(b, make([]byte, 2*tarBlock)...) }
