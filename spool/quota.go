package spool

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
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

// room makes the size of p, on disk, size bytes: nothing else can have this room
// then, in any process. It removes other content if it must. A nil p needs none, but
// content that is too old is removed.
func (s *Spool) room(p *part, size int64) error {
	most := s.options.MaxBytes
	if most == 0 && s.options.MaxAge == 0 {
		return nil
	}
	if most > 0 && size > most {
		return errTooLarge
	}
	s.quota.Lock()
	defer s.quota.Unlock()
	unlock, err := lockedfile.MutexAt(filepath.Join(s.dir, quotaLock)).Lock()
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.scan()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f stored) bool {
		return f.complete && s.isOld(f.made) && s.evict(f, Expired)
	})
	if most == 0 || p == nil {
		return nil
	}
	over := size - p.reserved - most
	for _, f := range all {
		over += f.size
	}
	if over > 0 {
		if over = s.makeRoom(all, over); over > 0 {
			return fmt.Errorf("%w: %d bytes are in use, and MaxBytes is %d", ErrNotKept, over+most, most)
		}
	}
	return p.reserve(size)
}

// makeRoom removes content of n bytes or more, and returns how many are missing. If
// there is too little to remove, it removes nothing.
func (s *Spool) makeRoom(all []stored, n int64) (missing int64) {
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
	if removable < n {
		return n - removable
	}
	slices.SortFunc(unused, func(a, b stored) int {
		return cmp.Or(a.lastUse.Compare(b.lastUse), cmp.Compare(a.name, b.name))
	})
	for _, f := range unused {
		if n <= 0 {
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

// evict removes complete content if it is still not in use.
func (s *Spool) evict(f stored, why Kind) bool {
	s.mu.Lock()
	unused := s.open[f.name] == 0 && !s.lastUse(f.name).After(time.Now())
	e := Event{Kind: why, Bytes: f.size}
	if unused {
		if r, err := s.readRecord(f.name); err == nil {
			e.ID = r.ID
		}
		unused = s.remove(f.name) == nil
	}
	s.mu.Unlock()
	if unused {
		s.observe(e)
	}
	return unused
}

// scan returns everything in the folder that counts.
func (s *Spool) scan() ([]stored, error) {
	var all []stored
	err := s.each(filesDir, func(fi fs.FileInfo) {
		if !isName(fi.Name()) {
			return // somebody else has put it there
		}
		all = append(all, stored{name: fi.Name(), size: fi.Size(), made: fi.ModTime(), complete: true})
	})
	if err != nil {
		return nil, err
	}
	parts := map[string]int64{}
	err = s.each(partsDir, func(fi fs.FileInfo) {
		// A part has its room while it is written, and its bytes while others read them.
		name := strings.TrimSuffix(fi.Name(), roomSuffix)
		parts[name] = max(parts[name], fi.Size())
	})
	for name, size := range parts {
		of, _, _ := strings.Cut(name, ".")
		if isName(of) && !strings.HasSuffix(name, headSuffix) && !strings.HasSuffix(name, recordSuffix) {
			all = append(all, stored{name: name, size: size})
		}
	}
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
