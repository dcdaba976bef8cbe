package command

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview/ledger"
)

// While the position can't be saved, as on a full disk, the log has one line about it, and one
// when it is saved again.
func TestPositionIsNotSaved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "position")
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		r := &logReader{
			queue: ledger.NewQueue(ledger.NewMemory(nil), nil), logger: slog.New(slog.NewTextHandler(&log, nil)),
			position: filepath.Join(dir, "position"), at: ledger.Position{Head: "a", Offset: 7},
		}
		defer r.queue.Close(t.Context())
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			r.saveAgainAndAgain(ctx)
			close(done)
		}()
		time.Sleep(time.Minute)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		end()
		<-done
		if failed, saved := strings.Count(log.String(), "is not saved"), strings.Count(log.String(), "is saved again"); failed != 1 || saved != 1 {
			t.Errorf("%d lines that it isn't saved and %d that it is, want one of each:\n%s", failed, saved, &log)
		}
	})
	if at, err := readPosition(filepath.Join(dir, "position")); err != nil || at.Offset != 7 {
		t.Errorf("position %+v, %v", at, err)
	}
}
