package archive

import (
	"hash/crc32"
	"io"

	"github.com/downloadview/downloadview/internal/checksum"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// sum returns the CRC-32 of the member with this index. If the handle has read only
// a part of the member, or nothing, it reads the rest.
func (h *handle) sum(i int) (uint32, error) {
	m := &h.index.members[i]
	if !h.index.format.isFramed(m) {
		return m.crc, nil
	}
	if sum, ok := h.sums[i]; ok {
		return sum, nil
	}
	if b := h.load(m, m.size); b.Length == m.size {
		h.sums[i] = b.CRC32
		return b.CRC32, nil
	}
	var rest uint32
	upTo := m.size
	if c := h.content; c != nil && c.member == m && c.at == m.size {
		rest, upTo = c.crc, c.from
	}
	first := h.load(m, upTo)
	between, err := h.sumOf(m, first.Length, upTo)
	if err != nil {
		return 0, err
	}
	sum := checksum.Combine(first.CRC32, between, upTo-first.Length)
	sum = checksum.Combine(sum, rest, m.size-upTo)
	h.sums[i] = sum
	h.save(m, Beginning{m.size, sum})
	return sum, nil
}

// sumOf reads the bytes of m from start to end.
func (h *handle) sumOf(m *member, start, end int64) (uint32, error) {
	if start == end {
		return 0, nil
	}
	file, err := m.open(h.ctx, start)
	if err != nil {
		return 0, err
	}
	defer file.Close() // the bytes have been read
	sum := crc32.NewIEEE()
	if _, err := io.CopyN(sum, wrapper.CheckedReader{Reader: file}, end-start); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, m.failed(err)
	}
	return sum.Sum32(), nil
}
