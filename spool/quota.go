package spool

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// ErrNotKept means that content was made, but is not in the folder: there was no
// room for it, or the folder failed. It is the error of [Spool.Warm]; downloads
// don't fail.
var ErrNotKept = errors.New("the content could not be kept")

var errTooLarge = fmt.Errorf("%w: it is larger than MaxBytes", ErrNotKept)

// A stored file is a complete one, or the room of a part, in a scan of the folder.
type stored struct {
	name     string
	size     int64
	made     time.Time
	lastUse  time.Time // of what may be removed
	complete bool
}

// manyFiles is how many files aren't counted each time. To count one takes 7 µs, and 14 if
// there is no room left.
const manyFiles = 500

// spareShare of MaxBytes, or of MaxAge, is what many files may be off by, so that they
// are counted once for so much new content.
const spareShare = 128

// A quota is what this process knows of the room in the folder. Its lock is that of one
// process; quotaLock in the folder is that of all.
type quota struct {
	sync.Mutex
	allowance allowance
	many      bool      // there were many files, when they were counted last
	counted   time.Time // when that was
	events    []Event   // that the Observer gets when the lock is free
}

// lockQuota keeps all others, in all processes, from counting and from changing what
// they may use.
func (s *Spool) lockQuota() (unlock func(), err error) {
	s.quota.Lock()
	free, err := lockedfile.MutexAt(filepath.Join(s.dir, quotaLock)).Lock()
	if err != nil {
		s.quota.Unlock()
		return nil, err
	}
	return func() {
		events := s.quota.events
		s.quota.events = nil
		free()
		s.quota.Unlock()
		for _, e := range events {
			s.observe(e) // it may take long, or use the spool
		}
	}, nil
}

// room makes the size of p, on disk, size bytes: nothing else can have this room
// then, in any process. It removes other content if it must, and content that is too
// old.
func (s *Spool) room(p *part, size int64) error {
	most := s.options.MaxBytes
	if most == 0 && s.options.MaxAge == 0 {
		return nil
	}
	if most > 0 && size > most {
		return errTooLarge
	}
	unlock, err := s.lockQuota()
	if err != nil {
		return err
	}
	defer unlock()
	q := &s.quota
	if left := q.allowance.size - (size - p.reserved); q.many && !s.isSweepDue() && (most == 0 || left >= 0) {
		if most == 0 {
			return nil
		}
		err := p.reserve(size)
		if err == nil {
			q.allowance.set(s, left)
		}
		return err
	}
	all, err := s.scan()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f stored) bool {
		return f.complete && s.isOld(f.made) && s.evict(f, Expired)
	})
	q.many, q.counted = len(all) >= manyFiles, time.Now()
	if most == 0 {
		return nil
	}
	var spare int64
	if q.many {
		spare = most / spareShare
	}
	over := size - p.reserved - q.allowance.size - most
	for _, f := range all {
		over += f.size
	}
	if over = s.makeRoom(all, over, spare); over > 0 {
		return fmt.Errorf("%w: %d bytes are in use, and MaxBytes is %d", ErrNotKept, over+most, most)
	}
	if err = p.reserve(size); err == nil {
		q.allowance.set(s, min(spare, -over))
	}
	return err
}

// isSweepDue reports whether content may have become too old since everything was
// counted. Those who ask for such content make it again before that.
func (s *Spool) isSweepDue() bool {
	return s.options.MaxAge > 0 && time.Since(s.quota.counted) > s.options.MaxAge/spareShare
}

// giveBack adds what a part was given and doesn't need to the allowance, up to as much
// as that would be if everything were counted now.
func (s *Spool) giveBack(n int64) {
	if s.options.MaxBytes == 0 || n <= 0 {
		return
	}
	unlock, err := s.lockQuota()
	if err != nil {
		return
	}
	defer unlock()
	if q := &s.quota; q.many {
		q.allowance.set(s, max(q.allowance.size, min(q.allowance.size+n, s.options.MaxBytes/spareShare)))
	}
}

// makeRoom removes content of n bytes or more, and spare bytes beside these if there is
// so much. It returns how many are missing; less than 0: how many are left over. If there
// is too little to remove, it removes nothing.
func (s *Spool) makeRoom(all []stored, n, spare int64) (missing int64) {
	if n+spare <= 0 {
		return n
	}
	now := time.Now()
	var removable int64
	var unused []stored
	for _, f := range all {
		if !f.complete || s.isOpen(f.name) {
			continue
		}
		if f.lastUse = s.lastUse(f.name); !f.lastUse.After(now) {
			unused = append(unused, f)
			removable += f.size
		}
	}
	switch {
	case removable < n:
		return n - removable
	case removable < n+spare:
		spare = 0
	}
	slices.SortFunc(unused, func(a, b stored) int {
		return cmp.Or(a.lastUse.Compare(b.lastUse), cmp.Compare(a.name, b.name))
	})
	for _, f := range unused {
		if n+spare <= 0 {
			break
		}
		if s.evict(f, Evicted) {
			n -= f.size
		}
	}
	return n
}

func (s *Spool) isOpen(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[name] > 0
}

// evict removes complete content if it is still not in use. The caller has the quota.
func (s *Spool) evict(f stored, why Kind) bool {
	e := Event{Kind: why, Bytes: f.size}
	if r, err := s.readRecord(f.name); err == nil {
		e.ID = r.ID
	}
	s.mu.Lock()
	unused := s.open[f.name] == 0 && !s.lastUse(f.name).After(time.Now()) && s.isStill(f) && s.remove(f.name) == nil
	s.mu.Unlock()
	if unused {
		s.quota.events = append(s.quota.events, e)
	}
	return unused
}

// isStill reports whether complete content was not made again since the scan.
func (s *Spool) isStill(f stored) bool {
	fi, err := s.root.Lstat(filesDir + "/" + f.name)
	return err == nil && fi.ModTime().Equal(f.made)
}

// scan returns everything in the folder that counts. Parts come first: one that becomes
// complete meanwhile is counted twice, and never not at all.
func (s *Spool) scan() ([]stored, error) {
	var all []stored
	parts := map[string]int64{}
	err := s.each(partsDir, func(fi fs.FileInfo) {
		// A part has its room while it is written, and its bytes while others read them.
		name := strings.TrimSuffix(fi.Name(), roomSuffix)
		parts[name] = max(parts[name], fi.Size())
	})
	if err != nil {
		return nil, err
	}
	for name, size := range parts {
		of, _, _ := strings.Cut(name, ".")
		if isName(of) && !strings.HasSuffix(name, headSuffix) && !strings.HasSuffix(name, recordSuffix) {
			all = append(all, stored{name: name, size: size})
		}
	}
	err = s.each(filesDir, func(fi fs.FileInfo) {
		if !isName(fi.Name()) {
			return // somebody else has put it there
		}
		all = append(all, stored{name: fi.Name(), size: fi.Size(), made: fi.ModTime(), complete: true})
	})
	return all, err
}

// each calls f for all files of a folder.
func (s *Spool) each(folder string, f func(fs.FileInfo)) error {
	entries, err := fs.ReadDir(s.root.FS(), folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		fi, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // renamed or removed just now
		}
		if err != nil {
			return err
		}
		f(fi)
	}
	return nil
}
