package spool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
)

// make reads the content into a part, and keeps it.
func (m *making) make(from origin) (*record, error) {
	s := m.spool
	p, err := s.newPart(m.name)
	if err != nil {
		return nil, s.folderFailed(m.id, err)
	}
	defer p.leave()
	defer p.close()
	size := from.attributes.Size
	if err := s.room(p, max(size, 0)); err != nil {
		return nil, m.noRoom(err)
	}
	if err := m.describe(p, from); err != nil {
		return nil, s.folderFailed(m.id, err)
	}
	m.info, m.part = from.attributes, p
	close(m.ready)

	w := &writer{making: m, part: p, size: size, hash: sha256.New()}
	defer func() { s.giveBack(p.reserved - w.written) }()
	err = w.take(from.handle)
	digest := w.hash.Sum(nil)
	if from.sha256 != nil && w.alone == nil && context.Cause(m.ctx) == nil { // from the second store
		damaged := w.unfit || err == nil && !bytes.Equal(digest, from.sha256)
		err = m.judgeSecond(err, damaged)
	}
	switch {
	case w.alone != nil:
		s.mu.Lock()
		s.retire(m)
		s.mu.Unlock()
		p.finish(w.written, errAlone)
		return nil, m.noRoom(w.alone)
	case err != nil:
		err = m.causeOf(err)
		s.mu.Lock()
		s.retire(m)
		s.mu.Unlock()
		p.finish(w.shown, err)
		return nil, err
	}
	p.finish(w.written, io.EOF)

	r := newRecord(m.id, from.name, from.attributes)
	r.Size, r.SHA256, r.Made = w.written, digest, from.made
	if err := m.keep(p, &r); err != nil {
		if errors.Is(err, ErrNotKept) {
			return nil, err
		}
		return nil, s.folderFailed(m.id, err)
	}
	return &r, nil
}

// describe lets other processes follow p, unless it was forgotten.
func (m *making) describe(p *part, from origin) error {
	m.spool.mu.Lock()
	defer m.spool.mu.Unlock()
	if m.forgotten {
		return nil
	}
	m.shown = p
	return p.describe(newRecord(m.id, from.name, from.attributes))
}

// noRoom returns the outcome if err keeps the content from being spooled.
func (m *making) noRoom(err error) error {
	s := m.spool
	if err == errTooLarge {
		s.mu.Lock()
		if len(s.unfit) >= 1024 {
			clear(s.unfit)
		}
		s.unfit[m.name] = true
		s.mu.Unlock()
	}
	if errors.Is(err, ErrNotKept) {
		return err
	}
	return s.folderFailed(m.id, err)
}
