package archive

import "io/fs"

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
