// Package spool keeps content that is expensive to make, such as a report, a
// thumbnail or an archive, in a local folder.
//
// Content has an [ID]: a key and a version. The first request makes it. Requests
// that come meanwhile don't make it again: they follow, and get the bytes as soon
// as they are there. Afterwards it is a local file, with a length, ranges, an
// entity tag and a digest, which leaves by sendfile(2) or is handed over to a
// proxy by a rule for the folder.
//
//	reports, err := spool.New("/var/cache/shop", &spool.Options{MaxBytes: 10 << 30})
//	…
//	f, err := reports.File(spool.ID{Key: "sales/2026-10", Version: lastChange}, report)
//	return downloadview.Response{File: f, Name: "sales.csv"}, err
//
// The ID must name everything that the bytes depend on: if two users get different
// bytes, their IDs differ. The spool doesn't ask whether a user may have the
// content; the view does that before.
//
// Part of the content is never taken for the whole. While content is made it has a
// temporary name; when it is complete and synced to disk, it is renamed. A failure
// is never kept: those who follow see it as they would without a spool, and the
// next request makes the content again. If the content doesn't fit into
// Options.MaxBytes, or the disk is full, it is streamed and not kept.
//
// Several processes of one machine may use one folder, such as the workers of a
// server or the old and the new process of a restart: one of them makes the
// content, the others follow by looking for more ten times a second. They need the
// same Options. The folder must be on a local file system and be writable for the
// application only, because what is in it is served.
package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// Options are the settings of a Spool. nil and the zero value are good defaults
// for a folder without limits.
type Options struct {
	// MaxBytes is the largest size of everything in the folder, including what is
	// being made. If there is no room, what was not used for the longest time is
	// removed first, but never what this process has open and never what a proxy
	// was told to send within the last minute. If that is not enough, new content
	// is streamed and not kept. 0 is no limit. Bookkeeping doesn't count; it takes
	// less than 1 KiB for each file. If there are 500 files or more, each process
	// holds a 128th of MaxBytes for what it makes next, and counts all files only
	// when that is used up.
	MaxBytes int64

	// MaxAge is how long content is kept, from the time when it was complete. Older
	// content is made again. It is removed when it or other content is made, but of
	// 500 files or more a 128th of MaxAge later, and not within the minute after a proxy
	// was told to send it. 0 is no limit.
	MaxAge time.Duration

	// Linger is how long making goes on after the last client has left, so that one
	// who comes back doesn't begin anew. 0 is 30 seconds. If it is negative, making
	// goes on to the end.
	Linger time.Duration

	// Second keeps everything longer, and for other machines: what was made is also
	// saved there, and what is not in the folder is looked for there before it is
	// made. It must be a [downloadview.Saver]. Keys are 64 hexadecimal digits, and
	// the same with ".json". Saving is given up if it takes longer than five minutes
	// and a second for each 64 KiB. nil is no second store.
	Second downloadview.Storage

	// Observer gets what happens, for metrics. It is called by several goroutines at
	// once and should return soon. nil is nobody.
	Observer func(Event)

	// Logger gets a line if the folder or Second fails, since downloads then go on
	// without it. nil is [slog.Default].
	Logger *slog.Logger
}

const (
	defaultLinger = 30 * time.Second

	// handedOver is how long a proxy may take to open a file that it was told to
	// send.
	handedOver = time.Minute
)

// The folders of a spool.
const (
	filesDir   = "files"   // complete content, by the hash of its ID
	recordsDir = "records" // what is known of it; the time of the file is that of the last use
	partsDir   = "parts"   // what is being made
	locksDir   = "locks"   // one for each part
	quotaLock  = "quota.lock"
)

// A Spool keeps content in a folder. Several goroutines may use it.
type Spool struct {
	options Options
	dir     string // absolute
	root    *os.Root

	stop    context.CancelCauseFunc // ends what is being made
	stopped context.Context
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	making map[string]*making // by the name of the content
	saving map[string]*making // likewise, while it is saved in Second
	open   map[string]int     // handles of complete files
	unfit  map[string]bool    // content that is larger than MaxBytes
	bad    map[string]bool    // content that Second has damaged, or failed to read

	quota quota
}

var errClosed = &downloadview.StatusError{Status: http.StatusServiceUnavailable, Err: errors.New("the spool is closed")}

// New returns a spool in the folder dir, which it creates if it is missing, with
// the permissions 0777 less the umask. What another process left unfinished, for
// example because it was killed, is removed; what a running one is making stays.
//
// The caller closes the spool.
func New(dir string, o *Options) (*Spool, error) {
	if o == nil {
		o = &Options{}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, errors.New("spool: the folder is empty; want a path such as /var/cache/shop")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, err
	}
	s := &Spool{
		options: *o, dir: abs, root: root,
		making: map[string]*making{}, saving: map[string]*making{}, open: map[string]int{}, unfit: map[string]bool{}, bad: map[string]bool{},
	}
	s.stopped, s.stop = context.WithCancelCause(context.Background())
	if s.options.Linger == 0 {
		s.options.Linger = defaultLinger
	}
	if err := s.makeFolders(); err != nil {
		root.Close()
		return nil, err
	}
	if err := s.clean(); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

// makeFolders makes those folders of the spool that are missing.
func (s *Spool) makeFolders() error {
	for _, folder := range []string{filesDir, recordsDir, partsDir, locksDir} {
		if err := s.root.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) check() error {
	if o.MaxBytes < 0 {
		return fmt.Errorf("spool: MaxBytes is %d; want a number of bytes, or 0 for no limit", o.MaxBytes)
	}
	if o.MaxAge < 0 {
		return fmt.Errorf("spool: MaxAge is %v; want a time, or 0 for no limit", o.MaxAge)
	}
	if o.Second != nil {
		if _, ok := o.Second.(downloadview.Saver); !ok {
			return fmt.Errorf("spool: Second is a %T, which can't save", o.Second)
		}
	}
	return nil
}

// Close ends what is being made, and waits for it: the context of the producer
// ends, and its writes fail. Those who follow see a failure. Files that are open
// stay open. Later requests are answered with 503.
func (s *Spool) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.stop(errClosed)
	s.running.Wait()
	s.quota.Lock()
	s.quota.allowance.close()
	s.quota.Unlock()
	return s.root.Close()
}

// Files is the folder of the complete files, with an absolute path: the Source of
// a rule for a proxy. Nothing else is in it.
func (s *Spool) Files() string { return filepath.Join(s.dir, filesDir) }

func (s *Spool) logger() *slog.Logger {
	if l := s.options.Logger; l != nil {
		return l
	}
	return slog.Default()
}

// warn logs that the spool could not do something for id.
func (s *Spool) warn(message string, id ID, err error) {
	s.logger().Warn("spool: "+message, slog.String("key", id.Key), slog.Any("error", err))
}
