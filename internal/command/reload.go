package command

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/disk"
)

// A reloader opens the directories of a server again when it is told to by SIGHUP,
// which Windows doesn't have, and reads its file again, if there is one. Proxies
// and rules take effect at once.
type reloader struct {
	serve       *serve
	checks      []Checker
	running     *config.Config // what the server began with
	rules       *offloads
	directories []*disk.Storage
	logger      *slog.Logger
}

// directories returns those storages that are directories.
func directories(storages map[string]downloadview.Storage) []*disk.Storage {
	var all []*disk.Storage
	for _, name := range slices.Sorted(maps.Keys(storages)) {
		if d, ok := storages[name].(*disk.Storage); ok {
			all = append(all, d)
		}
	}
	return all
}

// hears returns the signals that a server of these directories reloads by. It ends
// with others.
func (s *serve) hears(directories []*disk.Storage) []os.Signal {
	if s.Config == "" && len(directories) == 0 {
		return nil
	}
	return []os.Signal{syscall.SIGHUP}
}

// start begins to listen to the signal. The function that it returns ends that.
func (r *reloader) start() (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-hangups:
				r.reopen()
				if r.serve.Config != "" {
					r.reload()
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(quit)
		<-done
	}
}

// reopen opens the directories again, wherever their paths lead now.
func (r *reloader) reopen() {
	for _, d := range r.directories {
		if err := d.Reopen(); err != nil {
			r.logger.Error("a directory can't be opened again, the old one stays", "error", err)
		}
	}
	if n := len(r.directories); n > 0 {
		r.logger.Info("directories opened again", "directories", n)
	}
}

func (r *reloader) reload() {
	c, err := r.serve.file(config.ReadAgain)
	if err == nil {
		err = r.serve.complete(c)
	}
	if err == nil && r.rules != nil { // else they are those of --rule
		beside := *c
		beside.Storages, beside.Mounts = r.running.Storages, r.running.Mounts
		if _, err = accelerate(&beside); err == nil { // by what is served until a restart
			err = r.rules.swap(c)
		}
	}
	if err != nil {
		r.logger.Error("the file is wrong, the old rules stay", "file", r.serve.Config, "error", inOneLine(err))
		return
	}
	r.serve.warnOfFile(c, r.checks, r.logger)
	r.logger.Info("rules read again", "file", r.serve.Config, "rules", len(c.Rules))
	if changed := c.Changes(r.running); len(changed) > 0 {
		r.logger.Warn("only a restart brings the other changes", "file", r.serve.Config, "changed", strings.Join(changed, ", "))
	}
}

// inOneLine returns the message of err, for one line.
func inOneLine(err error) string {
	var wrong config.Errors
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	messages := make([]string, len(wrong))
	for i, e := range wrong {
		messages[i] = e.Error()
	}
	return strings.Join(messages, "; ")
}
