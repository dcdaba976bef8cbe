package archive

import (
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview/internal/wrapper"
)

// content is the open file of a member.
type content struct {
	member *member
	file   fs.File
	from   int64 // offset of the first byte that was read
	at     int64 // offset of the next one
	framed bool
	crc    uint32 // of the bytes from the first one on, if framed
	idle   int    // reads without a byte, one after the other
	saved  int64  // the last beginning that was saved
}

// read reads content that is in the archive as it is.
func (c *content) read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), c.member.size-c.at)]
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.file.Read(p)
	if n < 0 || n > len(p) {
		return 0, c.member.failed(fmt.Errorf("%T read %d bytes into %d", c.file, n, len(p)))
	}
	c.at += int64(n)
	if c.idle++; n > 0 {
		c.idle = 0
	}
	if c.framed {
		c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	}
	switch {
	case err == nil && c.idle == 100:
		err = io.ErrNoProgress
	case err == nil, err == io.EOF && c.at == c.member.size:
		return n, nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, c.member.failed(fmt.Errorf("at byte %d of %d: %w", c.at, c.member.size, err))
}

// readFramed reads content in blocks. offset is the position in the blocks.
func (c *content) readFramed(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		index, within := offset/blockSize, offset%blockSize
		header, length := blockAt(index, c.member.size)
		var some int
		if within < blockHeader {
			some = copy(p[n:], header[within:])
		} else {
			left := min(int64(len(p)-n), blockHeader+int64(length)-within)
			some, err = c.read(p[n : n+int(left)])
		}
		n += some
		offset += int64(some)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// finish checks that a file that didn't say its size ends where it should.
func (c *content) finish() error {
	fi, err := c.file.Stat()
	if err != nil {
		return c.member.failed(err)
	}
	if fi.Size() >= 0 {
		return nil
	}
	var more [1]byte
	switch n, err := io.ReadFull(wrapper.CheckedReader{Reader: c.file}, more[:]); {
	case n > 0:
		return c.member.failed(fmt.Errorf("it has more than the %d bytes that were expected", c.member.size))
	case err != io.EOF:
		return c.member.failed(err)
	}
	return nil
}

func (c *content) close() error {
	if err := c.file.Close(); err != nil {
		return c.member.failed(err)
	}
	return nil
}
