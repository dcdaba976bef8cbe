package archive

import (
	"context"
	"io/fs"
)

// storedCRC returns the CRC-32 that the store keeps with a file, or nil.
func storedCRC(fi fs.FileInfo) *uint32 {
	s, ok := fi.(interface{ CRC32() (uint32, bool) })
	if !ok {
		return nil
	}
	sum, ok := s.CRC32()
	if !ok {
		return nil
	}
	return &sum
}

// fetch asks the store of the file for its CRC-32, if the metadata has no checksum but
// tells that the store has one. Members that don't need it aren't worth the request.
func (l *look) fetch(ctx context.Context) {
	s, ok := l.info.(interface {
		AskCRC32(ctx context.Context) (sum uint32, ok bool, err error)
	})
	if !ok || l.err != nil || l.crc != nil {
		return
	}
	sum, ok, err := s.AskCRC32(ctx)
	switch {
	case err != nil: // without it, the archive would become another one for a while
		l.err = err
	case ok:
		l.crc, l.fetched = &sum, true
	}
}
