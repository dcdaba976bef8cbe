package downloadview

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Most bodies are copied in pieces of smallPiece. A client that has taken
// provenAfter within provenIn, which no socket's buffers make appear so, keeps up
// and gets pieces of largePiece: that halves the work of a large object. It goes
// back to small ones when it takes longer than slowPiece for a large one. A client
// that stops holds the piece that it was sent last, so there are mostLarge of the
// large ones at a time.
const (
	smallPiece  = 64 << 10
	largePiece  = 1 << 20
	provenAfter = 16 << 20
	provenIn    = time.Second
	slowPiece   = provenIn * largePiece / provenAfter
	mostLarge   = 8
)

var (
	smallPieces = sync.Pool{New: func() any { return newPiece(smallPiece) }}
	largePieces = sync.Pool{New: func() any { return newPiece(largePiece) }}
	largeInUse  atomic.Int32
)

func newPiece(size int) *[]byte {
	b := make([]byte, size)
	return &b
}

// A pieceBuffer is the buffer of one copy, which follows the speed of its client.
type pieceBuffer struct {
	bytes  *[]byte
	large  bool
	slow   bool      // the last large piece was
	since  time.Time // when the client began to prove that it keeps up
	proven int64     // bytes that it has taken since then
}

func newPieceBuffer() *pieceBuffer {
	return &pieceBuffer{bytes: smallPieces.Get().(*[]byte), since: time.Now()}
}

func (b *pieceBuffer) release() {
	if b.large {
		largePieces.Put(b.bytes)
		largeInUse.Add(-1)
	} else {
		smallPieces.Put(b.bytes)
	}
	b.bytes = nil
}

// write calls write. Only a large piece is timed, since small ones may be a few
// bytes each.
func (b *pieceBuffer) write(write func([]byte) (int, error), p []byte) (int, error) {
	if !b.large {
		return write(p)
	}
	begun := time.Now()
	n, err := write(p)
	b.slow = time.Since(begun) > slowPiece
	return n, err
}

// took is told that the client has taken n bytes, and left bytes to come; it is
// negative where that isn't known.
func (b *pieceBuffer) took(n int, left int64) {
	switch b.proven += int64(n); {
	case b.large && b.slow:
		b.release()
		b.bytes, b.large = smallPieces.Get().(*[]byte), false
		b.since, b.proven = time.Now(), 0
	case !b.large && b.proven >= provenAfter:
		keepsUp := time.Since(b.since) <= provenIn
		b.since, b.proven = time.Now(), 0
		if !keepsUp || left >= 0 && left < largePiece {
			return
		}
		if largeInUse.Add(1) > mostLarge {
			largeInUse.Add(-1)
			return
		}
		smallPieces.Put(b.bytes)
		b.bytes, b.large = largePieces.Get().(*[]byte), true
	}
}

// copyPieces copies n bytes of src, or all where n is negative, and tells the
// failures of the two sides apart. A src that ends before n is no failure here.
func copyPieces(write func([]byte) (int, error), src io.Reader, n int64) (sent int64, readErr, writeErr error) {
	buf := newPieceBuffer()
	defer buf.release()
	for n < 0 || sent < n {
		piece := *buf.bytes
		if n >= 0 && n-sent < int64(len(piece)) {
			piece = piece[:n-sent]
		}
		read, err := src.Read(piece)
		if err != nil && err != io.EOF {
			return sent, err, nil
		}
		if read > 0 {
			wrote, writeErr := buf.write(write, piece[:read])
			sent += int64(wrote)
			if writeErr != nil {
				return sent, nil, writeErr
			}
			buf.took(wrote, n-sent)
		}
		if err == io.EOF {
			break
		}
	}
	return sent, nil, nil
}
