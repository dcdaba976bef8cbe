package spool

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/downloadview/downloadview/internal/localfile"
)

// A part is content that is being made: a file that one writes and any number
// follow.
//
// Package github.com/djherbis/stream has the same idea, but there a reader's context
// can't end its wait, every reader has a descriptor, and readers see each byte as
// soon as it is written, also the last one of content that then turns out wrong.
type part struct {
	path string // below the root; "": of another process
	file *os.File
	root *os.Root

	// Only the writer uses these. The size of the file room is that of the room that
	// the part may have, for all processes.
	reserved int64
	room     *os.File // nil: there is no quota

	mu      sync.Mutex
	users   int           // the writer, and those who follow
	length  int64         // what may be read
	end     error         // nil: there may be more; io.EOF: this is all
	changed chan struct{} // closed when length or end change; nil: nobody waits
	remove  func()        // when the last one has left; nil: it was kept
}

func (s *Spool) newPart(name string) (*part, error) {
	path := partsDir + "/" + name + "." + rand.Text()
	f, err := s.root.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|localfile.Large, 0o666)
	if err != nil {
		return nil, err
	}
	whole := filepath.Join(s.dir, path)
	return &part{path: path, file: f, root: s.root, users: 1, remove: func() {
		os.Remove(whole) // the spool, and its root, may be closed
	}}, nil
}

// Beside a part are two files, which are removed when the writer leaves.
const (
	headSuffix = ".head" // a record, for other processes that follow
	roomSuffix = ".room" // as large as the room for the part

	recordSuffix = ".json" // a record that is being written
)

// describe tells other processes what the part will be.
func (p *part) describe(r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return p.root.WriteFile(p.path+headSuffix, b, 0o666)
}

// hide makes sure that no other process begins to follow the part.
func (p *part) hide() { p.root.Remove(p.path + headSuffix) }

// reserve records that the part may have size bytes.
func (p *part) reserve(size int64) (err error) {
	if p.room == nil {
		p.room, err = p.root.OpenFile(p.path+roomSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL|localfile.Large, 0o666)
		if err != nil {
			return err
		}
	}
	if err := p.room.Truncate(size); err != nil {
		return err
	}
	p.reserved = size
	return nil
}

// close is called by the writer, before it leaves. It may be called again.
func (p *part) close() {
	p.hide()
	if p.room != nil {
		p.room.Close()
		p.root.Remove(p.path + roomSuffix)
		p.room = nil
	}
}

// grow lets those who follow read up to length.
func (p *part) grow(length int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end == nil && length > p.length {
		p.length = length
		p.wake()
	}
}

// finish says that nothing comes after length bytes, and why.
func (p *part) finish(length int64, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.length, p.end = length, why
	p.wake()
}

func (p *part) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// await returns how many bytes may be read, as soon as they are more than offset, or
// why there will be no more. If ctx ends first, the error is its.
func (p *part) await(ctx context.Context, offset int64) (length int64, err error) {
	for {
		p.mu.Lock()
		if p.length > offset {
			defer p.mu.Unlock()
			return p.length, nil
		}
		if p.end != nil {
			defer p.mu.Unlock()
			return p.length, p.end
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// has reports whether there is something to read after offset, or there never will
// be, so that await doesn't wait.
func (p *part) has(offset int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.length > offset || p.end != nil
}

// state returns how many bytes may be read, and why there will be no more; nil: there may
// be.
func (p *part) state() (length int64, end error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.length, p.end
}

// join adds one who follows. If the part is closed, it returns how it ended.
func (p *part) join() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users == 0 {
		return p.end
	}
	p.users++
	return nil
}

// leave is called once by the writer and by everybody who follows.
func (p *part) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	p.file.Close()
	if p.remove != nil {
		p.remove()
	}
}

// keep leaves the file where it is.
func (p *part) keep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove = nil
}
