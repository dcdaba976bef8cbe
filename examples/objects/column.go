package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// A column is a file whose bytes are in the row of its document. It fetches them piece
// by piece, so that a download needs the memory of one piece, and a slow client doesn't
// cause a long transaction. If the row gets another version meanwhile, the download
// fails.
type column struct {
	db rows
	document
}

// Name returns the name of the download.
func (c column) Name() string { return c.name }

// Stat returns the attributes of the version that was found.
func (c column) Stat(context.Context) (fs.FileInfo, error) {
	return downloadview.Attributes{
		Size: c.size, ModTime: c.changed, ETag: c.tag(), ContentType: c.mime,
	}.FileInfo(c.name), nil
}

// Open fetches the first piece.
func (c column) Open(ctx context.Context) (fs.File, error) {
	return c.open(ctx, 0, c.size)
}

// OpenRange fetches the first piece of a range.
func (c column) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset < 0 {
		offset, length = max(c.size+offset, 0), -1
	}
	if offset >= c.size {
		return nil, downloadview.ErrRange
	}
	if length < 0 || length > c.size-offset {
		length = c.size - offset
	}
	return c.open(ctx, offset, length)
}

func (c column) open(ctx context.Context, offset, length int64) (fs.File, error) {
	h := &columnHandle{ctx: ctx, column: c, offset: offset, left: length}
	return h, h.fetch()
}

// A columnHandle is an open column.
type columnHandle struct {
	ctx context.Context // of Open; see [downloadview.File]
	column
	offset, left int64 // of the bytes that are not fetched yet
	piece        []byte
}

const pieceSize = 256 << 10

// fetch gets the next piece, if there is one.
func (h *columnHandle) fetch() error {
	n := min(h.left, pieceSize)
	if n == 0 {
		return nil
	}
	// Both databases count from 1. PostgreSQL reads no more of a large value
	// than this where its column has SET STORAGE EXTERNAL.
	const query = `SELECT substr(data, $1, $2) FROM documents WHERE id = $3 AND version = $4`
	err := h.db.QueryRowContext(h.ctx, query, h.offset+1, n, h.id, h.version).Scan(&h.piece)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("version %d of document %d is gone", h.version, h.id)
	}
	h.offset, h.left = h.offset+n, h.left-n
	return err
}

func (h *columnHandle) Read(p []byte) (int, error) {
	if len(h.piece) == 0 {
		if h.left == 0 {
			return 0, io.EOF
		}
		if err := h.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.piece)
	h.piece = h.piece[n:]
	return n, nil
}

func (h *columnHandle) Stat() (fs.FileInfo, error) { return h.column.Stat(h.ctx) }
func (h *columnHandle) Close() error               { return nil }

var (
	_ downloadview.StatFile  = column{}
	_ downloadview.RangeFile = column{}
)
