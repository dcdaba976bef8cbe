package command

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9/logging"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/natsledger"
	"github.com/downloadview/downloadview/ledger/redisledger"
	"github.com/downloadview/downloadview/ledger/sqlledger"
)

// A ledgerStore is a [ledger.Store] that somebody has to close, and whose entries can be
// read.
type ledgerStore interface {
	ledger.Store
	All(ctx context.Context, each func(ledger.Entry) error) error
	Close() error
}

// openLedgerStore returns the store at a place. The error begins with the place, without
// its secrets. It doesn't wait for a store that can't be reached.
func openLedgerStore(place string) (ledgerStore, error) {
	shown := config.ShownStore(place)
	if err := config.CheckLedgerStore(place); err != nil {
		return nil, fmt.Errorf("%q %w", shown, err)
	}
	var store ledgerStore
	var err error
	switch urls := config.StoreURLs(place); urls[0].Scheme {
	case "nats", "tls":
		store, err = natsledger.Connect(withUser(urls, os.Getenv("NATS_USER"), os.Getenv("NATS_PASSWORD")), nil)
	case "redis", "rediss", "unix":
		logging.Disable() // its lines on stderr have another form
		store, err = redisledger.Connect(withUser(urls, "", os.Getenv("REDISCLI_AUTH")), nil)
	default:
		settings, wrong := pgx.ParseConfig(place)
		if file, ok := errors.AsType[*fs.PathError](wrong); ok { // such as that of sslrootcert
			return nil, fmt.Errorf("%q: %w", shown, file)
		}
		if wrong != nil { // its text has parts of the URL
			return nil, fmt.Errorf("%q can't be used for PostgreSQL; want postgres://USER@HOST:PORT/DATABASE, with parameters that psql knows", shown)
		}
		return newDatabase(stdlib.OpenDB(*settings)), nil
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", shown, err)
	}
	return store, nil
}

// ledgerStoreOf is openLedgerStore for serve. The error names the flag, or the line of the
// file.
func ledgerStoreOf(c *config.Config) (ledgerStore, error) {
	store, err := openLedgerStore(c.Ledger)
	switch {
	case err != nil && c.LedgerLine > 0:
		return nil, inFile(c, c.LedgerLine, "ledger", &UsageError{err})
	case err != nil:
		return nil, usageErrorf("--ledger %w", err)
	}
	return store, nil
}

// connections is how many connections to a database there are at most: as many as the
// parts that a ledger.Queue adds at a time.
const connections = 8

// A database is a store whose tables are made when it is first used.
type database struct {
	*sqlledger.Store
	db *sql.DB

	mu   sync.Mutex
	made bool // the tables are there
}

func newDatabase(db *sql.DB) *database {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(time.Minute)
	return &database{Store: sqlledger.New(db), db: db}
}

func (d *database) create(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made {
		return nil
	}
	err := d.Store.Create(ctx)
	d.made = err == nil
	return err
}

// noted returns err, which may say that somebody has removed the tables, such as by a
// database that was made anew. The next use makes them again.
func (d *database) noted(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == undefinedTable {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.made = false
	}
	return err
}

// undefinedTable is an error code of PostgreSQL.
const undefinedTable = "42P01"

func (d *database) Open(ctx context.Context, what string, began time.Time, window time.Duration) (string, error) {
	if err := d.create(ctx); err != nil {
		return "", err
	}
	id, err := d.Store.Open(ctx, what, began, window)
	return id, d.noted(err)
}

func (d *database) Add(ctx context.Context, p ledger.Part) error {
	if err := d.create(ctx); err != nil {
		return err
	}
	return d.noted(d.Store.Add(ctx, p))
}

func (d *database) Close() error { return d.db.Close() }
