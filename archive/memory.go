package archive

import (
	"cmp"
	"container/list"
	"context"
	"slices"
	"sync"
)

// Memory is Checksums in the memory of this process. The zero value is ready to use, as
// [NewMemory] makes it for 0 beginnings. Several goroutines may use it.
type Memory struct {
	most int // 0: usualBeginnings

	mu       sync.Mutex
	held     int // beginnings
	versions map[Version]*list.Element
	used     list.List // of *remembered, the last used one first
}

type remembered struct {
	version    Version
	beginnings []Beginning // by length
}

// apart is the least distance of two beginnings of a file in bytes.
const apart = 1 << 20

const usualBeginnings = 65536

// NewMemory returns a Memory of at most that many beginnings; 0 means 65,536, which are
// enough for 64 GiB of large members. They take about 2 MiB then, and 20 MiB if each is
// that of another file. The files that were not used for the longest time are forgotten
// first.
func NewMemory(beginnings int) *Memory {
	return &Memory{most: max(beginnings, 0)}
}

// Load returns the longest remembered beginning of v with at most length bytes.
func (m *Memory) Load(_ context.Context, v Version, length int64) (Beginning, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.versions[v]
	if !ok {
		return Beginning{}, false
	}
	m.used.MoveToFront(e)
	all := e.Value.(*remembered).beginnings
	i, _ := slices.BinarySearchFunc(all, length+1, func(b Beginning, n int64) int { return cmp.Compare(b.Length, n) })
	if i == 0 {
		return Beginning{}, false
	}
	return all[i-1], true
}

// Save remembers b, unless it is the beginning of a part of v and almost as long as
// another.
func (m *Memory) Save(_ context.Context, v Version, b Beginning) {
	m.mu.Lock()
	defer m.mu.Unlock()
	most := cmp.Or(m.most, usualBeginnings)
	e, ok := m.versions[v]
	if !ok {
		if m.versions == nil {
			m.versions = map[Version]*list.Element{}
		}
		e = m.used.PushFront(&remembered{version: v})
		m.versions[v] = e
	}
	m.used.MoveToFront(e)
	r := e.Value.(*remembered)
	i, ok := slices.BinarySearchFunc(r.beginnings, b.Length, func(x Beginning, n int64) int { return cmp.Compare(x.Length, n) })
	switch {
	case ok:
		return
	case b.Length == v.Size:
	case len(r.beginnings) >= most: // one file alone fills the memory
		return
	case i > 0 && b.Length-r.beginnings[i-1].Length < apart,
		i < len(r.beginnings) && r.beginnings[i].Length < v.Size && r.beginnings[i].Length-b.Length < apart:
		return
	}
	r.beginnings = slices.Insert(r.beginnings, i, b)
	m.held++
	for m.held > most && m.used.Len() > 1 {
		m.forget(m.used.Back())
	}
}

func (m *Memory) forget(e *list.Element) {
	r := m.used.Remove(e).(*remembered)
	delete(m.versions, r.version)
	m.held -= len(r.beginnings)
}

var _ Checksums = (*Memory)(nil)
