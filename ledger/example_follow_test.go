package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview/ledger"
)

// addLines adds the lines of a log to a store until ctx is done, and notes how far it is in
// position, which a program saves. A line that was cut off is left out. A line that the
// store doesn't take ends it, and is read again the next time.
func addLines(ctx context.Context, s ledger.Store, path string, position *ledger.Position) error {
	return ledger.Follow(ctx, path, *position, func(line []byte, at ledger.Position) error {
		err := ledger.AddLineAt(ctx, s, line, at)
		if wrong, ok := errors.AsType[*ledger.LineError](err); ok {
			fmt.Println(wrong)
			err = nil
		}
		if err == nil {
			*position = at
		}
		return err
	}, nil)
}

// A program reads nginx's log, and remembers how far it is.
func ExampleFollow() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "downloads.log")
	const lines = `downloadview/nginx 1795694400.500 0.500 TCFS GET 206 5 400 "OK" "bytes 0-4/10" "5" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"
downloadview/nginx 1795694401.000 0.500 TCFS GET 206 5 400 "OK" "bytes 5-9/10" "5" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"
downloadview/nginx 1795694401.500 0.5
`
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // so that the example ends with the log
	entries := ledger.NewMemory(nil)
	var position ledger.Position // of the last run
	if err := addLines(ctx, entries, path, &position); err != nil {
		panic(err)
	}
	for _, e := range entries.Entries() {
		fmt.Println(e.Subject, e.Name, e.Bytes, e.Complete, position.Offset == int64(len(lines)))
	}
	// Output:
	// line of a log: it has 2 words, want 13
	// 192.0.2.7 /_media/a.pdf 10 true true
}
