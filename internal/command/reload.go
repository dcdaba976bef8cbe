package command

import (
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/disk"
)

// On SIGHUP, which Windows doesn't have, a reloader opens the directories of a server
// again, and reads its configuration file, its key files and its certificate again, if it has any. The
// configuration file's proxies and rules take effect at once, and so do its limits for
// what downloads take together, and which mounts require links, with which keys; its
// other keys after a restart.
type reloader struct {
	serve       *serve
	checks      []Checker
	running     *config.Config // the settings that the server started with
	signed      *config.Config // those that say which links are required
	rules       *offloads
	gates       *gates
	limits      *limits
	directories []*disk.Storage
	cert        *certificate // nil: no TLS
	notifier    *notifier
	logger      *slog.Logger
	hangups     chan os.Signal // of hearHangups
	addr        net.Addr       // at which the server listens
}

// hearHangups returns a channel for SIGHUP, so that one that comes while the server starts
// doesn't end it. If the signal is ignored, as nohup makes it, it stays so.
func hearHangups() chan os.Signal {
	hangups := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	return hangups
}

// dontHear has SIGHUP end the process again, and so does one that has come before.
func dontHear(hangups chan os.Signal) {
	signal.Stop(hangups)
	select {
	case s := <-hangups:
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(s)
		}
	default:
	}
}

// directories returns the storages that are directories.
func directories(storages map[string]downloadview.Storage) []*disk.Storage {
	var all []*disk.Storage
	for _, name := range slices.Sorted(maps.Keys(storages)) {
		if d, ok := storages[name].(*disk.Storage); ok {
			all = append(all, d)
		}
	}
	return all
}

// hears returns the signals on which a server of c, these directories and gates reloads.
// Any other signal ends it. A service of systemd always hears that it shall reload.
func (s *serve) hears(c *config.Config, directories []*disk.Storage, g *gates) []os.Signal {
	if s.Config == "" && len(directories) == 0 && len(g.verifier) == 0 && c.TLS.Cert == "" && !isNotified() {
		return nil
	}
	return []os.Signal{syscall.SIGHUP}
}

// start starts to handle the signal, until stop is called. From then on it is ignored: by
// default, it would end the program before its last lines are written.
func (r *reloader) start() (stop func()) {
	signal.Notify(r.hangups, syscall.SIGHUP)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-r.hangups:
				r.notifier.reloading()
				r.reopen()
				if r.serve.Config != "" {
					r.reload()
				}
				r.gates.reload(r.signed, r.logger)
				if r.cert != nil {
					r.cert.reload(r.logger)
				}
				r.notifier.reloaded()
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// reopen opens the directories again, which follows their paths anew.
func (r *reloader) reopen() {
	opened := 0
	for _, d := range r.directories {
		if err := d.Reopen(); err != nil {
			r.logger.Error("a directory can't be opened again; the old one stays in use", "error", err)
			continue
		}
		opened++
	}
	if opened > 0 {
		r.logger.Info("directories opened again", "directories", opened)
	}
}

func (r *reloader) reload() {
	c, err := r.serve.file(config.ReadAgain)
	if err == nil {
		err = r.serve.complete(c)
	}
	var beside config.Config // c, with what stays until a restart
	if err == nil {
		beside = *c
		beside.Listen, beside.Storages, beside.Mounts = r.running.Listen, r.running.Storages, r.running.Mounts
	}
	if err == nil && r.rules != nil { // nil: the rules come from --rule
		if _, err = accelerate(&beside); err == nil { // checked against the running mounts too
			err = r.rules.swap(c)
		}
	}
	if err != nil {
		r.logger.Error("the configuration file is wrong; the old rules stay in use", "file", r.serve.Config, "error", inOneLine(err))
		return
	}
	r.limits.change(&c.Limits.Downloads)
	r.serve.warnOfFile(c, r.checks, r.logger)
	r.serve.warnOfSharedRates(c, r.logger)
	r.serve.warnShadowed(&beside, r.logger)
	r.serve.warnExposed(&beside, r.addr, r.logger)
	r.logger.Info("rules read again", "file", r.serve.Config, "rules", len(c.Rules))
	changed := c.Changes(r.running)
	if len(changed) > 0 {
		r.logger.Warn("the other changes take effect only after a restart", "file", r.serve.Config, "changed", strings.Join(changed, ", "))
	}
	places := []string{"storages", "mounts", "base_path"}
	if !slices.ContainsFunc(changed, func(key string) bool { return slices.Contains(places, key) }) {
		r.signed = c // else a mount could stand for another storage than the one that is running
	}
}

// inOneLine returns the message of err as one line.
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
