package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/pgtest"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/ledgertest"
	"github.com/downloadview/downloadview/ledger/sqlledger"
)

func open(t *testing.T, driver, dsn string) *sqlledger.Store {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := sqlledger.New(db)
	for range 2 { // the second time the tables are there
		if err := s.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func run(t *testing.T, s *sqlledger.Store) {
	t.Helper()
	ledgertest.Run(t, ledgertest.Fixture{Store: s, Entries: func(t testing.TB, id string) []ledger.Entry {
		t.Helper()
		entries, err := s.Entries(context.WithoutCancel(t.Context()), id)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}})
	all, last := 0, time.Time{}
	if err := s.All(t.Context(), func(e ledger.Entry) error {
		if all++; e.Last.Before(last) {
			t.Errorf("an entry of %v after one of %v", e.Last, last)
		}
		last = e.Last
		return nil
	}); err != nil || all < 10 {
		t.Errorf("%d entries in all, %v", all, err)
	}
	full := errors.New("full")
	if err := s.All(t.Context(), func(ledger.Entry) error { return full }); err != full {
		t.Errorf("All returned %v, want the error of each", err)
	}
}

func TestSQLite(t *testing.T) {
	run(t, open(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "ledger.db")+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)"))
}

func TestPostgreSQL(t *testing.T) { run(t, open(t, "pgx", pgtest.Start(t).DSN)) }

// The database outlives the program, and the next one goes on with the same download.
func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	report := downloadview.FromString("report.txt", "0123456789", &downloadview.Attributes{ETag: `"v1"`})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: report}, nil
	})
	for _, piece := range []string{"bytes=0-4", "bytes=5-9"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "ledger.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
		if err != nil {
			panic(err)
		}
		entries := sqlledger.New(db)
		if err := entries.Create(context.Background()); err != nil {
			panic(err)
		}
		l := ledger.New(entries, nil)
		files := l.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe}))
		r := httptest.NewRequest("GET", "/report.txt", http.NoBody)
		r.Header.Set("Range", piece)
		files.ServeHTTP(httptest.NewRecorder(), r)

		var subject string
		var bytes int64
		var complete bool
		row := db.QueryRow(`SELECT subject, bytes, complete FROM ledger_entries WHERE name = $1`, "report.txt")
		if err := row.Scan(&subject, &bytes, &complete); err != nil {
			panic(err)
		}
		fmt.Println(subject, bytes, complete)
		db.Close()
	}
	// Output:
	// 192.0.2.1 5 false
	// 192.0.2.1 10 true
}
