package spool

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// elsewhere is what another process is making. It is followed by looking how long its
// part is. The zero value is nothing yet.
type elsewhere struct {
	part *part
	size int64 // -1: not known
}

// look finds the part of the other process, and lets those who wait for m follow it. It
// reports whether the content is complete: the other process may have it locked for long
// after that, while it saves it in the second store.
func (e *elsewhere) look(m *making) (complete bool) {
	if e.part != nil {
		e.grow()
		return e.isWhole(m)
	}
	file, r, err := m.spool.openElsewhere(m.name)
	if err != nil || r.ID != m.id { // it has not begun yet, or has ended
		_, err := m.spool.statKept(m.name)
		return err == nil
	}
	e.part, e.size = &part{file: file, users: 1}, r.Size
	m.info = downloadview.AttributesOf(r.fileInfo())
	m.info.ReprDigest = ""
	e.grow()
	m.part = e.part
	close(m.ready)
	return false
}

// isWhole reports whether what is followed is complete, and then tells those who follow.
func (e *elsewhere) isWhole(m *making) bool {
	followed, err := e.part.file.Stat()
	if err != nil {
		return false
	}
	complete, err := m.spool.root.Lstat(filesDir + "/" + m.name)
	if err != nil || !os.SameFile(complete, followed) {
		return false
	}
	e.part.finish(complete.Size(), io.EOF)
	return true
}

// grow lets those who follow read what is there now.
func (e *elsewhere) grow() {
	fi, err := e.part.file.Stat()
	if err != nil {
		return
	}
	length := fi.Size()
	if length == e.size { // as in the other process, the last byte waits
		length--
	}
	e.part.grow(length)
}

// openElsewhere opens the part of the content called name, which another process has
// locked.
func (s *Spool) openElsewhere(name string) (*os.File, *record, error) {
	entries, err := fs.ReadDir(s.root.FS(), partsDir)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		path, ok := strings.CutSuffix(entry.Name(), headSuffix)
		if !ok || !strings.HasPrefix(path, name+".") {
			continue
		}
		b, err := s.root.ReadFile(partsDir + "/" + entry.Name())
		if err != nil {
			return nil, nil, err
		}
		r := new(record)
		if err := json.Unmarshal(b, r); err != nil {
			return nil, nil, err // it is being written
		}
		file, err := s.root.OpenFile(partsDir+"/"+path, os.O_RDONLY|localfile.Large, 0)
		return file, r, err
	}
	return nil, nil, fs.ErrNotExist
}

// hideParts makes sure that nobody begins to follow what is being made: neither another
// process nor a later request in this one, which waits for the lock.
func (s *Spool) hideParts(name string) {
	entries, err := fs.ReadDir(s.root.FS(), partsDir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), headSuffix) {
			s.root.Remove(partsDir + "/" + e.Name())
		}
	}
}

// end is called when the other process has unlocked the content. If what was followed
// is complete now, those who follow have all of it. Else they go on by themselves.
func (e *elsewhere) end(m *making) error {
	if e.isWhole(m) {
		e.part.leave()
		return nil
	}
	m.spool.cleanParts(m.name)
	e.finish(m, errAlone)
	return fmt.Errorf("%w: the process that was making it did not", ErrNotKept)
}

// finish tells those who follow that there is no more.
func (e *elsewhere) finish(m *making, why error) {
	if e.part == nil {
		return
	}
	s := m.spool
	s.mu.Lock()
	s.retire(m)
	s.mu.Unlock()
	length, _ := e.part.state()
	e.part.finish(length, why)
	e.part.leave()
}
