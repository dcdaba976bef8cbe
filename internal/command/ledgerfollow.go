package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/ledger"
)

// follow adds the lines of a log to the store of --into, until ctx is done, or until
// SIGINT or SIGTERM.
func (f *foldLogs) follow(ctx context.Context, env *environment) error {
	if len(f.Files) > 1 {
		return usageErrorf("--into %q: got %d logs; want one", config.ShownStore(f.Into), len(f.Files))
	}
	log := f.Files[0]
	switch {
	case f.JSON:
		return usageErrorf("--json has no effect with --into; want one of them")
	case f.Open != nil:
		return usageErrorf("--open %d has no effect with --into; want one of them", *f.Open)
	case log == "-" || strings.HasPrefix(log, "unix:") || hasScheme.MatchString(log):
		return usageErrorf("--into: %q is not a file; want the log of the proxy", config.ShownStore(log))
	case f.Position == "":
		return usageErrorf("--into needs --position FILE, where it is remembered how far %s is read, so that a restart goes on there", printable.Text(log))
	}
	if filepath.Dir(f.Position) == filepath.Dir(log) && strings.HasPrefix(filepath.Base(f.Position), filepath.Base(log)) {
		return usageErrorf("--position %q has the name of a rotated log of %s; want a name that doesn't begin with %s", f.Position, printable.Text(log), printable.Text(filepath.Base(log)))
	}
	outliveReaders()
	store, err := openLedgerStore(f.Into)
	if err != nil {
		return usageErrorf("--into %w", err)
	}
	defer store.Close()
	logger := slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{ReplaceAttr: hideSecrets}))
	r := &logReader{position: f.Position, logger: logger, queue: ledger.NewQueue(store, &ledger.QueueOptions{Logger: logger})}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = r.follow(ctx, log)
	r.close()
	return err
}

// A logReader adds the lines of a proxy's log to a ledger.
type logReader struct {
	queue    *ledger.Queue
	logger   *slog.Logger
	position string // the file where the position is saved

	mu    sync.Mutex
	at    ledger.Position // after the last line that the queue has
	saved ledger.Position
}

// line adds a line. Lines of other formats are ignored.
func (r *logReader) line(b []byte, at ledger.Position) error {
	err := ledger.AddLineAt(context.Background(), r.queue, b, at)
	if wrong, ok := errors.AsType[*ledger.LineError](err); ok {
		r.logger.Warn("line left out", "error", wrong)
		return nil
	}
	return err
}

// mostAhead is how many lines are read before the store has them.
const mostAhead = 4000

// follow adds the lines of a log, and saves how far they are in the store.
func (r *logReader) follow(ctx context.Context, log string) error {
	from, err := readPosition(r.position)
	if err != nil {
		return err
	}
	r.at, r.saved = from, from
	if err := r.write(from); err != nil { // so that it is known at once whether it can be
		return fmt.Errorf("--position: %w", err)
	}
	r.logger.Info("reading the proxy's log", "log", log, "offset", from.Offset)
	var saving sync.WaitGroup
	defer saving.Wait()
	ended, end := context.WithCancel(ctx)
	defer end()
	saving.Go(func() { r.saveAgainAndAgain(ended) })
	err = ledger.Follow(ctx, log, from, func(b []byte, at ledger.Position) error {
		if r.queue.Waiting() >= mostAhead {
			if err := r.queue.Flush(ctx); err != nil {
				return errStopped
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.at = at
		return r.line(b, at)
	}, nil)
	if errors.Is(err, errStopped) { // the next run reads these lines again
		return nil
	}
	return err
}

// errStopped ends Follow while lines wait for the store.
var errStopped = errors.New("stopped while lines wait for the store")

// saveAgainAndAgain saves the position each second. That it can't be saved is logged once, since
// the disk of the log may be the one that is full.
func (r *logReader) saveAgainAndAgain(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		err := r.save(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			r.logger.Error("the position in the log is not saved; it is tried each second", "error", err)
		case err == nil && failing:
			r.logger.Info("the position in the log is saved again")
		}
		failing = err != nil
	}
}

// save waits until the store has all lines that were read, and saves the position after
// them.
func (r *logReader) save(ctx context.Context) error {
	r.mu.Lock()
	at := r.at
	r.mu.Unlock()
	if at == r.saved {
		return nil
	}
	if err := r.queue.Flush(ctx); err != nil {
		return err
	}
	if err := r.write(at); err != nil {
		return err
	}
	r.saved = at
	return nil
}

// endTime is how long the last lines may take to get into the store.
const endTime = 10 * time.Second

// close adds what is left. What can't be added, the next run reads again.
func (r *logReader) close() {
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := r.save(ctx); err != nil {
		r.logger.Warn("stopped before the store had all lines; the next run reads them again", "error", err)
	}
	r.queue.Close(ctx)
}

// readPosition reads the file of a position. If there is none, it is the zero value.
func readPosition(file string) (at ledger.Position, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err != nil {
		return at, fmt.Errorf("--position: %w", err)
	}
	if err := json.Unmarshal(text, &at); err != nil || at.Offset < 0 {
		return at, fmt.Errorf("--position %q has no position in it; want a file that downloadview ledger has written, or none", file)
	}
	return at, nil
}

// write replaces the file of the position.
func (r *logReader) write(at ledger.Position) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(r.position), ".position-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close()) // else a crash of the machine may leave an empty file
	if err == nil {
		err = os.Rename(f.Name(), r.position)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
