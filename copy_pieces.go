package downloadview

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Bodies are first copied in pieces of smallPiece bytes. A client that has taken
// provenAfter bytes within provenIn is fast (the buffers of a socket are too small
// to pretend it) and gets pieces of largePiece bytes, which halve the work for a
// large object. If a large piece takes longer than slowPiece, the client gets
// small ones again. A client that stops reading keeps its buffer in use, so at
// most mostLarge large ones exist at a time.
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

// A pieceBuffer is the buffer of one copy. Its size depends on the client's speed.
type pieceBuffer struct {
	bytes   *[]byte
	large   bool
	slow    bool          // the last large piece took longer than slowPiece
	awaited time.Duration // for the room of the next large piece
	since   time.Time     // start of the current measurement
	proven  int64         // bytes that the client has taken since then
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

// room returns how much of a piece the connection of t takes now.
func (b *pieceBuffer) room(t *tail) (n int, err error) {
	if !b.large {
		return t.room()
	}
	begun := time.Now()
	n, err = t.room()
	b.awaited = time.Since(begun)
	return n, err
}

// write calls write with p. It measures only large pieces, since a small one may
// be a few bytes.
func (b *pieceBuffer) write(write func([]byte) (int, error), p []byte) (int, error) {
	if !b.large {
		return write(p)
	}
	begun := time.Now()
	n, err := write(p)
	b.slow = b.awaited+time.Since(begun) > slowPiece
	return n, err
}

// took records that the client has taken n bytes, and changes the size of the
// buffer if needed. left is the number of bytes still to send; negative: not known.
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

// copyPieces copies n bytes of src, or all of src if n is negative. It returns
// errors of reading and of writing separately. If src ends before n bytes, that is
// not an error here.
func copyPieces(write func([]byte) (int, error), src io.Reader, n int64, t *tail) (sent int64, readErr, writeErr error) {
	buf := newPieceBuffer()
	defer buf.release()
	for n < 0 || sent < n {
		piece := *buf.bytes
		if n >= 0 && n-sent < int64(len(piece)) {
			piece = piece[:n-sent]
		}
		if t != nil && sent < t.length {
			room, err := buf.room(t)
			if err != nil {
				return sent, nil, err
			}
			piece = piece[:min(len(piece), room)]
		}
		got, err := readSome(src, piece)
		if err != nil && err != io.EOF {
			return sent, err, nil
		}
		if got > 0 {
			wrote, writeErr := buf.write(write, piece[:got])
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
