// Package sqlledger keeps the entries of a ledger in a database: SQLite 3.35 or later, or
// PostgreSQL. Several processes may share it.
//
// It uses package database/sql and needs no driver of its own: open the database with the
// driver that the program has. docs/ledger.md has the tables.
package sqlledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	_ "embed" // of the schema
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/lastuse"
	"github.com/downloadview/downloadview/ledger"
)

// schema creates the tables, unless they are there.
//
//go:embed schema.sql
var schema string

// A Store is a [ledger.Store] in a database. Several goroutines may use it.
type Store struct{ db *sql.DB }

// New returns a Store in db, which stays the caller's to close. Its tables must be there:
// [Store.Create] makes them. New does no I/O. It panics if db is nil.
//
// Several connections write to SQLite in turn, and a writer has to wait: set its
// busy_timeout.
func New(db *sql.DB) *Store {
	if db == nil {
		panic("sqlledger: New: db is nil")
	}
	return &Store{db}
}

// Create makes the tables ledger_downloads and ledger_entries with their indexes, unless
// they are there. Several processes may call it at the same time.
func (s *Store) Create(ctx context.Context) error {
	for statement := range strings.SplitSeq(strings.TrimSpace(schema), ";\n") {
		_, err := s.db.ExecContext(ctx, statement)
		if err != nil && ctx.Err() == nil {
			// In PostgreSQL, it fails if another process has just made the same one.
			_, err = s.db.ExecContext(ctx, statement)
		}
		if err != nil {
			return fmt.Errorf("sqlledger: %w", err)
		}
	}
	return nil
}

// Open does what [ledger.Store] says, by one statement.
func (s *Store) Open(ctx context.Context, what string, began time.Time, window time.Duration) (string, error) {
	var id string
	err := s.db.QueryRowContext(ctx, `INSERT INTO ledger_downloads (what, id, used) VALUES ($1, $2, $3)
		ON CONFLICT (what) DO UPDATE SET
			id = CASE WHEN ledger_downloads.used < $4 OR ledger_downloads.used > $5 THEN excluded.id ELSE ledger_downloads.id END,
			used = CASE WHEN ledger_downloads.used < excluded.used OR ledger_downloads.used > $5 THEN excluded.used ELSE ledger_downloads.used END
		RETURNING id`, what, rand.Text(), began.UnixMicro(), began.Add(-window).UnixMicro(), lastuse.Latest(began).UnixMicro()).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("sqlledger: open a download: %w", err)
	}
	return id, nil
}

// ofID returns what an ID is a download of that was not opened here.
func ofID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// Add does what [ledger.Store] says, in one transaction. After an error nothing is
// changed, so the same part may be added again. The exception is a connection that breaks
// while the transaction is committed: then the part may be there, and counts twice.
func (s *Store) Add(ctx context.Context, p ledger.Part) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		if err = add(ctx, tx, p); err == nil {
			err = tx.Commit()
		} else {
			tx.Rollback() // the first error says more
		}
	}
	if err != nil {
		return fmt.Errorf("sqlledger: add to a download: %w", err)
	}
	return nil
}

func add(ctx context.Context, tx *sql.Tx, p ledger.Part) error {
	if err := lock(ctx, tx, p); err != nil {
		return err
	}
	entries, err := read(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	before := len(entries)
	unknown := false // there was an entry whose version wasn't known
	for _, e := range entries {
		unknown = unknown || e.Version == ""
	}
	entries = ledger.Fold(entries, p)
	changed := entries[len(entries)-1]
	if unknown && changed.Version != "" && len(entries) == before {
		// It may be this one, whose version is known now.
		if _, err := tx.ExecContext(ctx, `UPDATE ledger_entries SET version = $1 WHERE id = $2 AND version = ''
			AND NOT EXISTS (SELECT 1 FROM ledger_entries WHERE id = $2 AND version = $1)`, changed.Version, p.ID); err != nil {
			return err
		}
	}
	if err := write(ctx, tx, &changed); err != nil || len(entries) < ledger.MostVersions {
		return err
	}
	// The next request opens another download.
	_, err = tx.ExecContext(ctx, `UPDATE ledger_downloads SET used = 0 WHERE id = $1`, p.ID)
	return err
}

// lock makes other transactions for the same ID wait for the end of this one. It is the
// first statement, and writes, so that SQLite doesn't have to turn a reader into a
// writer, which can fail.
func lock(ctx context.Context, tx *sql.Tx, p ledger.Part) error {
	used := p.Time.UnixMicro()
	result, err := tx.ExecContext(ctx, `UPDATE ledger_downloads SET used = CASE WHEN used < $1 THEN $1 ELSE used END WHERE id = $2`, used, p.ID)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO ledger_downloads (what, id, used) VALUES ($1, $2, $3)
		ON CONFLICT (what) DO UPDATE SET used = excluded.used`, ofID(p.ID), p.ID, used)
	return err
}

// queryer is a *sql.DB or a *sql.Tx.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const columns = `id, version, subject, name, source, size, bytes, complete, pieces, scattered, first_at, last_at, streamed, handed_over, redirected, logged, logs, ended, ended_at`

// Entries returns the entries with an ID: one for each version of the file. The one that
// was changed last is at the end.
func (s *Store) Entries(ctx context.Context, id string) ([]ledger.Entry, error) {
	entries, err := read(ctx, s.db, id)
	if err != nil {
		return nil, fmt.Errorf("sqlledger: read a download: %w", err)
	}
	return entries, nil
}

func read(ctx context.Context, q queryer, id string) ([]ledger.Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM ledger_entries WHERE id = $1 ORDER BY changed`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []ledger.Entry
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// All calls each for all entries, the oldest last use first, until it returns an error,
// which All returns. each must not use the database if that has only one connection.
func (s *Store) All(ctx context.Context, each func(ledger.Entry) error) error {
	rows, err := s.db.QueryContext(ctx, `SELECT `+columns+` FROM ledger_entries ORDER BY last_at`)
	if err != nil {
		return fmt.Errorf("sqlledger: read all downloads: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return fmt.Errorf("sqlledger: read all downloads: %w", err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("sqlledger: read all downloads: %w", err)
	}
	return nil
}

// scan reads the entry of a row.
func scan(rows *sql.Rows) (e ledger.Entry, err error) {
	var pieces, logs string
	var first, last int64
	var ended sql.NullInt64
	if err := rows.Scan(&e.ID, &e.Version, &e.Subject, &e.Name, &e.Source, &e.Size, &e.Bytes, &e.Complete, &pieces, &e.Scattered,
		&first, &last, &e.Streamed, &e.HandedOver, &e.Redirected, &e.Logged, &logs, &e.Ended, &ended); err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(pieces), &e.Pieces); err != nil {
		return e, fmt.Errorf("pieces of entry %q: %w", e.ID, err)
	}
	if err := json.Unmarshal([]byte(logs), &e.Logs); err != nil {
		return e, fmt.Errorf("logs of entry %q: %w", e.ID, err)
	}
	e.First, e.Last = time.UnixMicro(first), time.UnixMicro(last)
	if ended.Valid {
		e.EndedAt = time.UnixMicro(ended.Int64)
	}
	return e, nil
}

func write(ctx context.Context, tx *sql.Tx, e *ledger.Entry) error {
	if e.Pieces == nil {
		e.Pieces = []ledger.Piece{}
	}
	pieces, err := json.Marshal(e.Pieces)
	if err != nil {
		return err
	}
	logs, err := json.Marshal(e.Logs)
	if err != nil {
		return err
	}
	ended := sql.NullInt64{Int64: e.EndedAt.UnixMicro(), Valid: !e.EndedAt.IsZero()}
	_, err = tx.ExecContext(ctx, `INSERT INTO ledger_entries (`+columns+`, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
			(SELECT COALESCE(MAX(changed), 0) + 1 FROM ledger_entries WHERE id = $1))
		ON CONFLICT (id, version) DO UPDATE SET
			subject = excluded.subject, name = excluded.name, source = excluded.source, size = excluded.size, bytes = excluded.bytes,
			complete = excluded.complete, pieces = excluded.pieces, scattered = excluded.scattered, first_at = excluded.first_at, last_at = excluded.last_at,
			streamed = excluded.streamed, handed_over = excluded.handed_over, redirected = excluded.redirected, logged = excluded.logged, logs = excluded.logs,
			ended = excluded.ended, ended_at = excluded.ended_at, changed = excluded.changed`,
		e.ID, e.Version, e.Subject, e.Name, e.Source, e.Size, e.Bytes, e.Complete, string(pieces), e.Scattered,
		e.First.UnixMicro(), e.Last.UnixMicro(), e.Streamed, e.HandedOver, e.Redirected, e.Logged, string(logs), e.Ended, ended)
	return err
}

var _ ledger.Store = (*Store)(nil)
