package archive

// A format says how members become an archive. Around the content of each member
// are a head and a foot. The directory, one record for each member and an end,
// follows the last member. The sizes don't depend on any content.
type format interface {
	check(m *member) error
	checkEnd() error

	headSize(m *member) int64
	head(b []byte, m *member) []byte

	// bodySize is that of the content as it is in the archive. If isFramed, the
	// content is in stored blocks, and the CRC-32 of m is needed for foot and record.
	bodySize(m *member) int64
	isFramed(m *member) bool

	footSize(m *member) int64
	foot(b []byte, m *member, crc uint32) []byte

	recordSize(m *member) int64
	record(b []byte, m *member, crc uint32) []byte

	endSize(d directory) int64
	end(b []byte, d directory) []byte
}

// A directory is what the end of an archive says about the records.
type directory struct {
	offset, size int64
	members      int
}

func extent(f format, m *member) int64 { return f.headSize(m) + f.bodySize(m) + f.footSize(m) }
