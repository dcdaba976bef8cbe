package archive

import (
	"encoding/binary"
	"math"
)

// Content in stored blocks of DEFLATE (RFC 1951, 3.2.4): each block is its header
// and up to blockContent bytes.
const (
	blockHeader  = 5
	blockContent = math.MaxUint16
	blockSize    = blockHeader + blockContent
)

// blocks returns the number of blocks of content with size bytes. It avoids one
// length, that of 4 GiB less a byte: readers don't agree whether it is a zip64 one.
func blocks(size int64) int64 {
	n := max(1, (size+blockContent-1)/blockContent)
	if size+n*blockHeader == limit32 {
		n++ // the last one is empty
	}
	return n
}

func framedSize(size int64) int64 { return size + blocks(size)*blockHeader }

// blockAt returns the header of the block with this index, and the length of its
// content.
func blockAt(index, size int64) (header [blockHeader]byte, length int) {
	length = int(min(blockContent, max(size-index*blockContent, 0)))
	if index == blocks(size)-1 {
		header[0] = 1 // the last one
	}
	binary.LittleEndian.PutUint16(header[1:], uint16(length))
	binary.LittleEndian.PutUint16(header[3:], ^uint16(length))
	return header, length
}

// contentAt returns how many bytes of the content are before the offset at in the
// blocks.
func contentAt(at, size int64) int64 {
	block, within := at/blockSize, at%blockSize
	return min(block*blockContent+max(within-blockHeader, 0), size)
}
