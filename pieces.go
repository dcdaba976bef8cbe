package downloadview

import (
	"io"
	"sync"
	"time"
)

// Most bodies are copied in pieces of smallPiece. Who has taken the first
// provenAfter within provenIn, which no socket's buffers make appear so, keeps up
// and gets pieces of largePiece: that halves the work of a large object. A slow
// client never has more than a small one in memory.
const (
	smallPiece  = 64 << 10
	largePiece  = 1 << 20
	provenAfter = 16 << 20
	provenIn    = time.Second
)

var (
	smallPieces = sync.Pool{New: func() any { return newPiece(smallPiece) }}
	largePieces = sync.Pool{New: func() any { return newPiece(largePiece) }}
)

func newPiece(size int) *[]byte {
	b := make([]byte, size)
	return &b
}

// copyPieces copies n bytes of src, or all where n is negative, and tells the
// failures of the two sides apart. A src that ends before n is no failure here.
func copyPieces(write func([]byte) (int, error), src io.Reader, n int64) (sent int64, readErr, writeErr error) {
	pool := &smallPieces
	buf := pool.Get().(*[]byte)
	defer func() { pool.Put(buf) }()
	begun := time.Now()
	for undecided := true; n < 0 || sent < n; {
		if undecided && sent >= provenAfter {
			if undecided = false; time.Since(begun) <= provenIn && (n < 0 || n-sent >= largePiece) {
				pool.Put(buf)
				pool = &largePieces
				buf = pool.Get().(*[]byte)
			}
		}
		piece := *buf
		if n >= 0 && n-sent < int64(len(piece)) {
			piece = piece[:n-sent]
		}
		read, err := src.Read(piece)
		if err != nil && err != io.EOF {
			return sent, err, nil
		}
		if read > 0 {
			wrote, writeErr := write(piece[:read])
			sent += int64(wrote)
			if writeErr != nil {
				return sent, nil, writeErr
			}
		}
		if err == io.EOF {
			break
		}
	}
	return sent, nil, nil
}
