// Command objects serves documents: rows of a database, whose bytes are in a
// file that the row names, or in the row itself. The database is SQLite in the
// file documents.db, or the PostgreSQL that DATABASE_URL names.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// schema is for both databases; %s is the type of bytes. Each change of a document must
// give it another version.
const schema = `CREATE TABLE IF NOT EXISTS documents (
	id      BIGINT PRIMARY KEY,
	version BIGINT NOT NULL,
	name    TEXT NOT NULL,
	type    TEXT NOT NULL,
	size    BIGINT NOT NULL,
	changed BIGINT NOT NULL, -- seconds since 1970
	file    TEXT NOT NULL,   -- its key on disk, or empty
	data    %s               -- the bytes where there is no file
)`

// A document is a row without its bytes.
type document struct {
	id, version int64
	name, mime  string
	size        int64
	changed     time.Time
	file        string
}

// rows has the method of [sql.DB] that is needed.
type rows interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// find returns the document of a request.
func find(r *http.Request, db rows) (document, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return document{}, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	d := document{id: id}
	var changed int64
	const query = `SELECT version, name, type, size, changed, file FROM documents WHERE id = $1`
	err = db.QueryRowContext(r.Context(), query, id).Scan(&d.version, &d.name, &d.mime, &d.size, &changed, &d.file)
	if errors.Is(err, sql.ErrNoRows) {
		return document{}, fmt.Errorf("document %d: %w: %w", id, fs.ErrNotExist, err)
	}
	d.changed = time.Unix(changed, 0)
	return d, err
}

// tag returns the entity tag of a version. It is strong: a version always has the same
// bytes.
func (d document) tag() string { return fmt.Sprintf(`"%d.%d"`, d.id, d.version) }

// view makes one query for HEAD and for 304: the row has all that they need.
func view(db rows, files downloadview.Storage) downloadview.View {
	return downloadview.ObjectView[document]{
		Object: func(r *http.Request) (document, error) { return find(r, db) },
		File: func(d document) (downloadview.File, error) {
			if d.file == "" {
				return column{db, d}, nil
			}
			return files.File(d.file)
		},
		Response: func(d document) downloadview.Response {
			return downloadview.Response{Name: d.name, ContentType: d.mime, ETag: d.tag(), ModTime: d.changed}
		},
		Attributes: func(d document) downloadview.Attributes {
			return downloadview.Attributes{Size: d.size}
		},
	}
}

func main() {
	driver, dsn, bytes := "sqlite", "documents.db", "BLOB"
	if url := os.Getenv("DATABASE_URL"); url != "" {
		driver, dsn, bytes = "pgx", url, "BYTEA"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(fmt.Sprintf(schema, bytes)); err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot("/srv/documents")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/documents/{id}", downloadview.NewHandler(view(db, disk.New(root, nil)), nil))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", mux))
}
