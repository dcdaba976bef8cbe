package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"net/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/sqlledger"
)

// The code of docs/ledger.md.

func pageMemory(view downloadview.View, userOf func(*http.Request) string) {
	entries := ledger.NewMemory(nil)
	l := ledger.New(entries, &ledger.Options{Subject: userOf}) // userOf: func(*http.Request) string
	files := downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe})
	http.Handle("/files/", l.Handler(files))
}

func pageDatabase(ctx context.Context, dsn string) (*ledger.Ledger, error) {
	db, err := sql.Open("pgx", dsn) // or SQLite, with a busy_timeout
	if err != nil {
		return nil, err
	}
	entries := sqlledger.New(db)
	if err := entries.Create(ctx); err != nil {
		return nil, err
	}
	l := ledger.New(entries, nil)
	return l, nil
}

func pageQueue(ctx context.Context, entries ledger.Store, serve func(*ledger.Ledger)) error {
	queue := ledger.NewQueue(entries, nil)
	l := ledger.New(queue, nil)
	serve(l)
	// when the server has shut down:
	err := queue.Close(ctx)
	return err
}

func pageFollow(ctx context.Context, entries ledger.Store, position ledger.Position) error {
	err := ledger.Follow(ctx, "/var/log/nginx/downloads.log", position, func(line []byte, at ledger.Position) error {
		err := ledger.AddLineAt(ctx, entries, line, at)
		var wrong *ledger.LineError
		if errors.As(err, &wrong) { // such as a line that was cut off
			log.Print(wrong)
			err = nil
		}
		if err == nil { // else the next run reads the line again
			position = at // save it where the entries are
		}
		return err
	}, nil)
	return err
}

var (
	_ = pageMemory
	_ = pageDatabase
	_ = pageQueue
	_ = pageFollow
)
