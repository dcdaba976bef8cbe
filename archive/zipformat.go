package archive

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"time"
)

// zipFormat is the zip format (PKWARE's APPNOTE.TXT 6.3.10).
type zipFormat struct{ comment string }

const (
	limit32 = math.MaxUint32 // a field of four bytes with this value refers to the zip64 one
	limit16 = math.MaxUint16

	methodStored  = 0
	methodDeflate = 8

	flagUTF8       = 0x800
	flagDescriptor = 0x8

	version20 = 20
	version45 = 45 // needed for zip64
	unixHost  = 3 << 8
)

func (zipFormat) check(m *member) error { return checkComment(m.comment) }

func (z zipFormat) checkEnd() error { return checkComment(z.comment) }

func checkComment(text string) error {
	if len(text) > limit16 {
		return fmt.Errorf("a comment of %d bytes, want at most %d", len(text), limit16)
	}
	return nil
}

func (zipFormat) isFramed(m *member) bool { return !m.isFolder() && !m.known }

func (z zipFormat) bodySize(m *member) int64 {
	switch {
	case m.deflated:
		return m.packed
	case z.isFramed(m):
		return framedSize(m.size)
	}
	return m.size
}

// isLarge reports whether a size of m needs eight bytes.
func (z zipFormat) isLarge(m *member) bool {
	if m.deflated {
		return m.large
	}
	return m.size >= limit32 || z.bodySize(m) >= limit32
}

func (z zipFormat) needs(m *member, more bool) uint16 {
	if more || z.isLarge(m) {
		return version45
	}
	return version20
}

// methodAndFlags returns the method and the flags of m.
func (z zipFormat) methodAndFlags(m *member) (method, flags uint16) {
	if z.isFramed(m) {
		return methodDeflate, flagUTF8 | flagDescriptor
	}
	return methodStored, flagUTF8
}

func (z zipFormat) headSize(m *member) int64 {
	n := 30 + len(m.name) + timestampSize(m)
	if z.isLarge(m) {
		n += 20
	}
	return int64(n)
}

// head writes the local header. The sizes of a member with a descriptor are 0 in it.
// If they need eight bytes, they are in the zip64 field nevertheless: by that field,
// readers of a stream know how long the descriptor is, and UnZip 6.0 believes it.
func (z zipFormat) head(b []byte, m *member) []byte {
	method, flags := z.methodAndFlags(m)
	var size, crc uint32
	if !z.isFramed(m) {
		size, crc = uint32(m.size), m.crc
	}
	extra := timestampSize(m)
	if z.isLarge(m) {
		size = limit32
		extra += 20
	}
	le := binary.LittleEndian
	b = append(b, "PK\x03\x04"...)
	b = le.AppendUint16(b, z.needs(m, false))
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, method)
	b = appendDOSTime(b, m.modTime)
	b = le.AppendUint32(b, crc)
	b = le.AppendUint32(b, size)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, uint16(extra))
	b = append(b, m.name...)
	if z.isLarge(m) {
		b = append(b, 1, 0, 16, 0)
		b = le.AppendUint64(b, uint64(m.size))
		b = le.AppendUint64(b, uint64(z.bodySize(m)))
	}
	return appendTimestamp(b, m)
}

func (z zipFormat) footSize(m *member) int64 {
	switch {
	case !z.isFramed(m):
		return 0
	case z.isLarge(m):
		return 24
	}
	return 16
}

// foot writes the data descriptor.
func (z zipFormat) foot(b []byte, m *member, crc uint32) []byte {
	if !z.isFramed(m) {
		return b
	}
	le := binary.LittleEndian
	b = append(b, "PK\x07\x08"...)
	b = le.AppendUint32(b, crc)
	if z.isLarge(m) {
		b = le.AppendUint64(b, uint64(z.bodySize(m)))
		return le.AppendUint64(b, uint64(m.size))
	}
	b = le.AppendUint32(b, uint32(z.bodySize(m)))
	return le.AppendUint32(b, uint32(m.size))
}

// wide returns the values for the zip64 field of the record of m: none, or both sizes
// and perhaps the offset. Both sizes are there even if one fits into four bytes, or
// both do: after a member of exactly 4 GiB less a byte, UnZip 6.0 reads the fields of
// the next one as if they were.
func (z zipFormat) wide(m *member) (values [3]int64, n int) {
	if m.offset < limit32 && !z.isLarge(m) {
		return values, 0
	}
	values = [3]int64{m.size, z.bodySize(m), m.offset}
	if m.offset < limit32 {
		return values, 2
	}
	return values, 3
}

func (z zipFormat) recordSize(m *member) int64 {
	n := 46 + len(m.name) + timestampSize(m) + len(m.comment)
	if _, wide := z.wide(m); wide > 0 {
		n += 4 + 8*wide
	}
	return int64(n)
}

func (z zipFormat) record(b []byte, m *member, crc uint32) []byte {
	method, flags := z.methodAndFlags(m)
	values, wide := z.wide(m)
	extra := timestampSize(m)
	if wide > 0 {
		extra += 4 + 8*wide
	}
	needs, size, bodySize := z.needs(m, wide > 0), uint32(m.size), uint32(z.bodySize(m))
	if wide > 0 {
		size, bodySize = limit32, limit32
	}
	le := binary.LittleEndian
	b = append(b, "PK\x01\x02"...)
	b = le.AppendUint16(b, unixHost|max(needs, 30))
	b = le.AppendUint16(b, needs)
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, method)
	b = appendDOSTime(b, m.modTime)
	b = le.AppendUint32(b, crc)
	b = le.AppendUint32(b, bodySize)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, uint16(extra))
	b = le.AppendUint16(b, uint16(len(m.comment)))
	b = le.AppendUint16(b, 0) // disk
	b = le.AppendUint16(b, 0) // internal attributes
	b = le.AppendUint32(b, externalAttributes(m))
	b = le.AppendUint32(b, uint32(min(m.offset, limit32)))
	b = append(b, m.name...)
	if wide > 0 {
		b = le.AppendUint16(b, 1)
		b = le.AppendUint16(b, uint16(8*wide))
		for _, v := range values[:wide] {
			b = le.AppendUint64(b, uint64(v))
		}
	}
	b = appendTimestamp(b, m)
	return append(b, m.comment...)
}

// externalAttributes are the mode of Unix in the upper half, and the attributes of
// DOS in the lower.
func externalAttributes(m *member) uint32 {
	const regular, folder, dosFolder = 0o100000, 0o040000, 0x10
	mode := uint32(m.mode & fs.ModePerm)
	if m.isFolder() {
		return (folder|mode)<<16 | dosFolder
	}
	return (regular | mode) << 16
}

func (d directory) isLarge() bool {
	return d.members >= limit16 || d.offset >= limit32 || d.size >= limit32
}

func (z zipFormat) endSize(d directory) int64 {
	n := 22 + len(z.comment)
	if d.isLarge() {
		n += 56 + 20
	}
	return int64(n)
}

func (z zipFormat) end(b []byte, d directory) []byte {
	le := binary.LittleEndian
	if d.isLarge() {
		b = append(b, "PK\x06\x06"...)
		b = le.AppendUint64(b, 56-12) // of the rest of this record
		b = le.AppendUint16(b, unixHost|version45)
		b = le.AppendUint16(b, version45)
		b = le.AppendUint32(b, 0) // disks
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(d.members))
		b = le.AppendUint64(b, uint64(d.members))
		b = le.AppendUint64(b, uint64(d.size))
		b = le.AppendUint64(b, uint64(d.offset))

		b = append(b, "PK\x06\x07"...)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(d.offset+d.size))
		b = le.AppendUint32(b, 1) // number of disks
	}
	members := uint16(min(d.members, limit16))
	b = append(b, "PK\x05\x06"...)
	b = le.AppendUint16(b, 0) // disks
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, members)
	b = le.AppendUint16(b, members)
	b = le.AppendUint32(b, uint32(min(d.size, limit32)))
	b = le.AppendUint32(b, uint32(min(d.offset, limit32)))
	b = le.AppendUint16(b, uint16(len(z.comment)))
	return append(b, z.comment...)
}

// timestampSize is that of the extended timestamp of Info-ZIP: seconds in UTC, up
// to 2038. Without one there is only the DOS time.
func timestampSize(m *member) int {
	if m.modTime < 0 || m.modTime > math.MaxInt32 {
		return 0
	}
	return 9
}

func appendTimestamp(b []byte, m *member) []byte {
	if timestampSize(m) == 0 {
		return b
	}
	b = append(b, 'U', 'T', 5, 0, 1)
	return binary.LittleEndian.AppendUint32(b, uint32(m.modTime))
}

// appendDOSTime appends the time and the date, in UTC, from 1980 to 2107.
func appendDOSTime(b []byte, seconds int64) []byte {
	earliest := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	latest := time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)
	t := time.Unix(min(max(seconds, earliest.Unix()), latest.Unix()), 0).UTC()
	b = binary.LittleEndian.AppendUint16(b, uint16(t.Second()/2|t.Minute()<<5|t.Hour()<<11))
	return binary.LittleEndian.AppendUint16(b, uint16(t.Day()|int(t.Month())<<5|(t.Year()-1980)<<9))
}
