package spool

import "fmt"

// keep makes the part the complete file.
func (m *making) keep(p *part, r *record) error {
	s := m.spool
	if !r.Made.IsZero() {
		if err := s.root.Chtimes(p.path, r.Made, r.Made); err != nil {
			return err
		}
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	fi, err := p.file.Stat()
	if err != nil {
		return err
	}
	r.Made = fi.ModTime()
	if err := r.agrees(fi); err != nil {
		return err
	}
	if err := s.writeRecord(m.name, r); err != nil {
		return err
	}
	if err := m.complete(p); err != nil {
		_ = s.remove(m.name) // whatever is there doesn't belong to the record
		return err
	}
	s.syncFolder(recordsDir)
	s.syncFolder(filesDir)
	return nil
}

// complete gives the part the name under which it is served.
func (m *making) complete(p *part) error {
	s := m.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.forgotten {
		return fmt.Errorf("%w: it was forgotten meanwhile", ErrNotKept)
	}
	if err := s.root.Rename(p.path, filesDir+"/"+m.name); err != nil {
		return err
	}
	m.kept = true
	p.keep()
	p.close()
	return nil
}

// syncFolder writes names to disk. Not every system can; then they are written later.
func (s *Spool) syncFolder(name string) {
	if d, err := s.root.Open(name); err == nil {
		d.Sync()
		d.Close()
	}
}
