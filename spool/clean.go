package spool

import (
	"io/fs"
	"strings"
)

// clean removes what a process left that ended while it was making content. A
// process that still runs has the lock.
func (s *Spool) clean() error {
	left := map[string]bool{}
	for _, folder := range []string{partsDir, locksDir, recordsDir} {
		entries, err := fs.ReadDir(s.root.FS(), folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), ".")
			if !isName(name) {
				continue
			}
			if folder == recordsDir {
				if _, err := s.root.Lstat(filesDir + "/" + name); err == nil {
					continue
				}
			}
			left[name] = true
		}
	}
	for name := range left {
		unlock, err := tryLock(s.lockPath(name))
		if unlock == nil || err != nil {
			continue
		}
		s.cleanParts(name)
		if _, err := s.root.Lstat(filesDir + "/" + name); err != nil {
			s.root.Remove(recordsDir + "/" + name)
		}
		unlock()
	}
	return nil
}

// cleanParts removes the parts of one content. The caller has its lock.
func (s *Spool) cleanParts(name string) {
	entries, err := fs.ReadDir(s.root.FS(), partsDir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+".") {
			s.root.Remove(partsDir + "/" + e.Name())
		}
	}
}
