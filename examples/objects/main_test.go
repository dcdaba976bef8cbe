package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/pgtest"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// A database counts its queries.
type database struct {
	*sql.DB
	found, fetched int // rows without and pieces of bytes
}

func (db *database) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if strings.Contains(query, "substr(data") {
		db.fetched++
	} else {
		db.found++
	}
	return db.DB.QueryRowContext(ctx, query, args...)
}

func (db *database) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

func (db *database) insert(t *testing.T, d document, data []byte) {
	t.Helper()
	db.exec(t, `INSERT INTO documents VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		d.id, d.version, d.name, d.mime, d.size, d.changed.Unix(), d.file, data)
}

func TestDocuments(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (driver, dsn, bytes string){
		"sqlite": func(t *testing.T) (_, _, _ string) {
			return "sqlite", filepath.Join(t.TempDir(), "documents.db"), "BLOB"
		},
		"postgresql": func(t *testing.T) (_, _, _ string) { return "pgx", pgtest.Start(t).DSN, "BYTEA" },
	} {
		t.Run(name, func(t *testing.T) {
			driver, dsn, bytes := open(t)
			conns, err := sql.Open(driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conns.Close() })
			db := &database{DB: conns}
			for range 2 { // the second time it is there
				db.exec(t, fmt.Sprintf(schema, bytes))
			}
			testDocuments(t, db)
		})
	}
}

var changed = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func testDocuments(t *testing.T, db *database) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "8f.bin"), []byte("on disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	files := storagetest.Count(disk.New(root, nil))

	large := random(3*pieceSize - 17)
	db.insert(t, document{1, 1, "on disk.txt", "text/plain", 7, changed, "8f.bin"}, nil)
	db.insert(t, document{2, 5, "Übersicht.bin", "image/png", int64(len(large)), changed, ""}, large)
	db.insert(t, document{3, 1, "empty.txt", "text/plain", 0, changed, ""}, []byte{})
	db.insert(t, document{4, 1, "wrong.txt", "text/plain", 10, changed, ""}, []byte("four"))

	mux := http.NewServeMux()
	mux.Handle("/documents/{id}", downloadview.NewHandler(view(db, files), nil))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)

	date := changed.Format(http.TimeFormat)
	for _, tt := range []struct {
		name    string
		method  string
		id      string
		request [2]string // a header field
		status  int
		body    []byte
		length  int64
		fetched int // pieces from the database
		opened  int64
	}{
		{"on disk", "GET", "1", [2]string{}, 200, []byte("on disk"), 7, 0, 1},
		{"on disk, head", "HEAD", "1", [2]string{}, 200, nil, 7, 0, 0},
		{"on disk, range", "GET", "1", [2]string{"Range", "bytes=3-"}, 206, []byte("disk"), 4, 0, 1},
		{"on disk, not modified", "GET", "1", [2]string{"If-None-Match", `"1.1"`}, 304, nil, 0, 0, 0},
		{"in a column", "GET", "2", [2]string{}, 200, large, int64(len(large)), 3, 0},
		{"head", "HEAD", "2", [2]string{}, 200, nil, int64(len(large)), 0, 0},
		{"not modified", "GET", "2", [2]string{"If-None-Match", `"2.5"`}, 304, nil, 0, 0, 0},
		{"not modified since", "GET", "2", [2]string{"If-Modified-Since", date}, 304, nil, 0, 0, 0},
		{"failed precondition", "GET", "2", [2]string{"If-Match", `"2.4"`}, 412, []byte("Precondition Failed\n"), 20, 1, 0},
		{"range", "GET", "2", [2]string{"Range", "bytes=1000-1009"}, 206, large[1000:1010], 10, 1, 0},
		{"range across pieces", "GET", "2", [2]string{"Range", "bytes=1000-300000"}, 206, large[1000:300001], 299001, 2, 0},
		{"suffix", "GET", "2", [2]string{"Range", "bytes=-5"}, 206, large[len(large)-5:], 5, 1, 0},
		{"unsatisfiable", "GET", "2", [2]string{"Range", "bytes=9000000-"}, 416, []byte("Requested Range Not Satisfiable\n"), 32, 0, 0},
		{"empty", "GET", "3", [2]string{}, 200, nil, 0, 0, 0},
		{"shorter than it says", "GET", "4", [2]string{}, 500, []byte("Internal Server Error\n"), 22, 1, 0},
		{"no such document", "GET", "5", [2]string{}, 404, []byte("Not Found\n"), 10, 0, 0},
		{"no document at all", "GET", "a%20b", [2]string{}, 404, []byte("Not Found\n"), 10, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db.found, db.fetched = 0, 0
			files.Reset()
			resp, body := ask(t, tt.method, s.URL+"/documents/"+tt.id, tt.request)
			if resp.StatusCode != tt.status || !bytes.Equal(body, tt.body) {
				t.Errorf("%s, %d bytes; want %d, %d bytes", resp.Status, len(body), tt.status, len(tt.body))
			}
			if tt.status != 304 && resp.ContentLength != tt.length {
				t.Errorf("Content-Length %d, want %d", resp.ContentLength, tt.length)
			}
			if db.found > 1 || db.fetched != tt.fetched {
				t.Errorf("%d rows found and %d pieces fetched, want no more than 1, and %d", db.found, db.fetched, tt.fetched)
			}
			if got := files.Calls(); got != (storagetest.Calls{Open: tt.opened}) {
				t.Errorf("%+v asked of the disk, want %d opened", got, tt.opened)
			}
		})
	}

	t.Run("head is like get", func(t *testing.T) {
		head, _ := ask(t, "HEAD", s.URL+"/documents/2", [2]string{})
		get, _ := ask(t, "GET", s.URL+"/documents/2", [2]string{})
		for _, field := range []string{"Content-Type", "Content-Disposition", "Content-Length", "Etag", "Last-Modified", "Accept-Ranges"} {
			if h, g := head.Header.Get(field), get.Header.Get(field); h != g || g == "" {
				t.Errorf("%s: %q of HEAD, %q of GET", field, h, g)
			}
		}
	})
	t.Run("conformance", func(t *testing.T) {
		for id, size := range map[int64]int64{2: int64(len(large)), 3: 0} {
			version := map[int64]int64{2: 5, 3: 1}[id]
			f := column{db, document{id: id, version: version, name: "x", size: size, changed: changed}}
			if err := storagetest.CheckFile(t.Context(), f); err != nil {
				t.Errorf("document %d: %v", id, err)
			}
		}
	})
	t.Run("replaced half way", func(t *testing.T) {
		f := column{db, document{id: 2, version: 5, name: "x", size: int64(len(large)), changed: changed}}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		db.exec(t, `UPDATE documents SET data = $1, version = 6 WHERE id = 2`, slices.Repeat([]byte{'x'}, len(large)))
		got, err := io.ReadAll(h)
		if err == nil || !strings.Contains(err.Error(), "version 5 of document 2 is gone") {
			t.Errorf("read %d bytes, %v; want an error that names the version", len(got), err)
		}
		if !bytes.Equal(got, large[:pieceSize]) {
			t.Errorf("%d bytes read, not the first piece of the old version", len(got))
		}
	})
}

func ask(t *testing.T, method, url string, field [2]string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if field[0] != "" {
		req.Header.Set(field[0], field[1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// random returns the same n bytes each time.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}
