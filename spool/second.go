package spool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// recordKey is the key of a record in the second store. It is saved after the
// content, so that a record means that the content is complete.
func recordKey(name string) string { return name + recordSuffix }

// mostRecord is more than any record has.
const mostRecord = 64 << 10

// fromSecond opens the content in the second store. ok is false if it must be made.
func (m *making) fromSecond() (o origin, ok bool) {
	s := m.spool
	if s.options.Second == nil || s.isBad(m.name) {
		return origin{}, false
	}
	o, err := m.openSecond()
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && context.Cause(m.ctx) == nil {
			s.warn("the second store failed; the content is made", m.id, err)
		}
		return origin{}, false
	}
	return o, true
}

func (m *making) openSecond() (o origin, err error) {
	defer recoverInto(&err)
	second := m.spool.options.Second
	r, err := readSecond(m.ctx, second, m.name)
	if err != nil {
		return origin{}, err
	}
	if r.ID != m.id || m.spool.isOld(r.Made) {
		return origin{}, fs.ErrNotExist
	}
	f, err := second.File(m.name)
	if err != nil {
		return origin{}, err
	}
	h, err := wrapper.Open(m.ctx, f)
	if err != nil {
		return origin{}, err
	}
	fi, err := wrapper.Stat(h)
	if err == nil && fi.Size() >= 0 && fi.Size() != r.Size {
		err = fmt.Errorf("%w: %d bytes, want %d", errDamaged, fi.Size(), r.Size)
	}
	if err != nil {
		h.Close()
		return origin{}, err
	}
	a := downloadview.AttributesOf(r.fileInfo())
	a.ReprDigest = "" // until it has been checked
	return origin{handle: h, attributes: a, name: r.Name, made: r.Made, sha256: r.SHA256}, nil
}

func readSecond(ctx context.Context, second downloadview.Storage, name string) (*record, error) {
	f, err := second.File(recordKey(name))
	if err != nil {
		return nil, err
	}
	h, err := wrapper.Open(ctx, f)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	b, err := io.ReadAll(io.LimitReader(h, mostRecord))
	if err != nil {
		return nil, err
	}
	r := new(record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("record %q: %w", recordKey(name), err)
	}
	return r, nil
}

// saveSecond saves complete content in the second store. What is forgotten meanwhile
// doesn't stay there.
func (m *making) saveSecond(r *record) {
	s := m.spool
	s.mu.Lock()
	s.retire(m) // it is a file from now on
	s.saving[m.name] = m
	s.mu.Unlock()
	var err error
	if s.options.Second != nil {
		err = s.trySaveSecond(m.ctx, m.name, r)
	}
	s.mu.Lock()
	delete(s.saving, m.name)
	forgotten := m.forgotten
	if err == nil && !forgotten {
		delete(s.bad, m.name)
	}
	s.mu.Unlock()
	switch {
	case forgotten:
		ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), 30*time.Second)
		defer cancel()
		if err := s.forgetSecond(ctx, m.name); err != nil {
			s.warn("forgotten content could not be removed from the second store", m.id, err)
		}
	case err != nil && context.Cause(m.ctx) == nil:
		s.warn("the content could not be saved in the second store", m.id, err)
	}
}

// errSlowSecond ends saving, so that a store that hangs doesn't keep the content locked.
var errSlowSecond = errors.New("the second store takes less than 64 KiB a second")

// timeToSave is five minutes more than a slow store takes.
func timeToSave(size int64) time.Duration {
	return 5*time.Minute + time.Duration(min(size>>16, 1<<30))*time.Second
}

func (s *Spool) trySaveSecond(ctx context.Context, name string, r *record) (err error) {
	defer recoverInto(&err)
	ctx, cancel := context.WithTimeoutCause(ctx, timeToSave(r.Size), errSlowSecond)
	defer cancel()
	defer func() {
		if err != nil && context.Cause(ctx) == errSlowSecond {
			err = errSlowSecond
		}
	}()
	h, _, err := s.openKept(name)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := downloadview.Save(ctx, s.options.Second, name, h.File); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return downloadview.Save(ctx, s.options.Second, recordKey(name), bytes.NewReader(b))
}

// judgeSecond returns the error of content that was read from the second store. If there
// is one, the content is made the next time.
func (m *making) judgeSecond(err error, damaged bool) error {
	if err == nil && !damaged {
		return nil
	}
	s := m.spool
	s.mu.Lock()
	s.bad[m.name] = true
	s.mu.Unlock()
	if damaged {
		s.forgetSecond(m.ctx, m.name)
		err = errDamaged
	}
	return err
}

func (s *Spool) isBad(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bad[name]
}

// forgetSecond removes content from the second store, if that can delete. The record
// goes first.
func (s *Spool) forgetSecond(ctx context.Context, name string) (err error) {
	defer recoverInto(&err)
	if _, ok := s.options.Second.(downloadview.Deleter); !ok {
		return nil
	}
	for _, key := range []string{recordKey(name), name} {
		err := downloadview.Delete(ctx, s.options.Second, key)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
