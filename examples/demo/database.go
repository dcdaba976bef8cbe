package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/downloadview/downloadview"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const schema = `
	CREATE TABLE invoice (
		id       INTEGER PRIMARY KEY,
		customer TEXT NOT NULL,
		file     TEXT NOT NULL -- key in the folder
	);
	CREATE TABLE attachment (
		name     TEXT PRIMARY KEY,
		modified INTEGER NOT NULL, -- in seconds since 1970
		content  BLOB NOT NULL
	);`

func (s *stock) openDatabase(ctx context.Context) (err error) {
	if s.db, err = sql.Open("sqlite", filepath.Join(s.dir, "demo.db")); err != nil {
		return err
	}
	s.onClose(s.db.Close)
	if _, err := s.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO invoice VALUES (17, 'Łódź / Søn', ?)`, percent)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO attachment VALUES ('minutes.pdf', unixepoch('2026-05-04 09:30'), ?)`, report)
	return err
}

// An invoice is an object that names a file in one of its fields.
type invoice struct {
	ID       int
	Customer string
	File     string
}

func (s *stock) invoice(ctx context.Context, id string) (v invoice, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT id, customer, file FROM invoice WHERE id = ?`, id).
		Scan(&v.ID, &v.Customer, &v.File)
	return v, notExist(err)
}

// attachments is a storage whose files are in a table of a database.
type attachments struct{ db *sql.DB }

func (s attachments) File(key string) (downloadview.File, error) {
	if !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return attachment{s.db, key}, nil
}

type attachment struct {
	db   *sql.DB
	name string
}

func (f attachment) Name() string { return f.name }

// Stat doesn't read the content. It is enough for HEAD and 304.
func (f attachment) Stat(ctx context.Context) (fs.FileInfo, error) {
	var size, modified int64
	err := f.db.QueryRowContext(ctx, `SELECT length(content), modified FROM attachment WHERE name = ?`, f.name).
		Scan(&size, &modified)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: f.name, Err: notExist(err)}
	}
	return f.info(size, modified), nil
}

func (f attachment) Open(ctx context.Context) (fs.File, error) { return f.OpenRange(ctx, 0, -1) }

// OpenRange reads only the requested part of the content.
func (f attachment) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	first := offset + 1
	if offset < 0 {
		first = offset // SQLite too counts from the end then
	}
	if offset < 0 || length < 0 {
		length = math.MaxInt32 // more than SQLite stores
	}
	var size, modified int64
	var content []byte
	err := f.db.QueryRowContext(ctx, `SELECT length(content), modified, substr(content, ?, ?) FROM attachment WHERE name = ?`,
		first, length, f.name).Scan(&size, &modified, &content)
	if err == nil && offset != 0 && len(content) == 0 {
		err = downloadview.ErrRange
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: f.name, Err: notExist(err)}
	}
	return openAttachment{bytes.NewReader(content), f.info(size, modified)}, nil
}

func (f attachment) info(size, modified int64) fs.FileInfo {
	return downloadview.Attributes{Size: size, ModTime: time.Unix(modified, 0)}.FileInfo(f.name)
}

// notExist reports a missing row as a missing file.
func notExist(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

type openAttachment struct {
	io.Reader
	info fs.FileInfo // of the whole file
}

func (h openAttachment) Stat() (fs.FileInfo, error) { return h.info, nil }
func (h openAttachment) Close() error               { return nil }

var (
	_ downloadview.Storage   = attachments{}
	_ downloadview.StatFile  = attachment{}
	_ downloadview.RangeFile = attachment{}
)
