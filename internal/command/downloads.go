package command

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/config"
)

// openStorages opens the mounted storages of c, and returns them by name with a
// function that releases them. seen, if not nil, counts the requests to their stores.
func openStorages(ctx context.Context, c *config.Config, open Opener, seen *telemetry, logger *slog.Logger) (map[string]downloadview.Storage, func(), error) {
	storages := make(map[string]downloadview.Storage)
	var releases []func() error
	release := func() {
		for _, r := range releases {
			r()
		}
	}
	all := newBuckets(&c.Limits.Buckets, logger)
	all.seen = seen
	if seen != nil && all.ahead != nil {
		seen.ReadAhead(all.ahead.Budget.Memory)
	}
	mounted := mountedStorages(c)
	for _, s := range c.Storages {
		if !mounted[s.Name] {
			continue
		}
		storage, r, err := openStorage(ctx, s.URL, open, all, s.Name)
		if err != nil {
			release()
			return nil, nil, inFile(c, s.Line, "storages."+s.Name, err)
		}
		storages[s.Name] = storage
		releases = append(releases, r)
	}
	return storages, release, nil
}

// inFile adds the file, the line and the key to err. Line 0 means that the cause is not
// in a file.
func inFile(c *config.Config, line int, key string, err error) error {
	if line == 0 {
		return err
	}
	return &config.Error{File: c.File, Line: line, Key: key, Err: err}
}

// mountAll returns a handler for all mounts of c.
func mountAll(c *config.Config, storages map[string]downloadview.Storage, d delivery, lim *limits, g *gates) (http.Handler, error) {
	var all []mounted
	log := g.log
	resume := archive.NewMemory(0)
	for _, m := range c.Mounts {
		v := d.view(&m, storages[m.Storage])
		h, err := handlerOf(v, &m, c, resume, lim, log)
		if err == errNoFolders && m.Line == 0 {
			flag := "--archive"
			if m.Index {
				flag = "--index"
			}
			return nil, usageErrorf("%s: the folders of %q can't be listed; want no %[1]s", flag, c.Storages[0].URL)
		} else if err != nil {
			return nil, inFile(c, m.Line, c.MountKey(&m), &UsageError{err})
		}
		all = append(all, mounted{mountPath{m.Path, keysOf(&m, v.Storage).clean}, m.Index, g.guard(&m, h)})
	}
	if len(all) == 1 && all[0].path == "/" {
		return all[0].gate, nil
	}
	return newMounts(all, log), nil
}

// handlerOf returns a handler for the files of v, which is the view of m, a mount of c. The error is
// errNoFolders if the storage can't list and m needs that.
func handlerOf(v downloadview.StorageView, m *config.Mount, c *config.Config, resume archive.Checksums, lim *limits, log *accessLog) (http.Handler, error) {
	var offered *archives
	var err error
	if m.Archive {
		if offered, err = newArchives(v, m, c, resume); err != nil {
			return nil, err
		}
	}
	own := lim.at(m)
	h := own.downloads(own.variants(v), log.options())
	if m.Index {
		if h, err = folders(v, own, keysOf(m, v.Storage), log, offered); err != nil {
			return nil, err
		}
	}
	if offered != nil {
		h = offered.beside(h, own, log)
	}
	return h, nil
}

var errNoFolders = errors.New("the folders of this storage can't be listed; want index: false, and archive: false")

// folders returns a handler for the files of v, with a page for each folder, which
// offers the archives that are not nil. The error is errNoFolders if the storage can't
// list.
func folders(v downloadview.StorageView, lim mountLimits, k keys, log *accessLog, offered *archives) (http.Handler, error) {
	lister, ok := v.Storage.(downloadview.Lister)
	if !ok {
		return nil, errNoFolders
	}
	return newIndexed(v, lim, lister, k, log, offered), nil
}
