package ledger

import (
	"container/list"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/downloadview/downloadview/internal/lastuse"
)

// Memory is a [Store] in the memory of one process. A restart forgets it. Several
// goroutines may use it.
type Memory struct {
	o MemoryOptions

	mu   sync.Mutex
	ids  map[string]*download
	open map[string]*download // the one of each that was opened last
	used list.List            // of *download; the one that was used last is at the front
}

// MemoryOptions are the options of [NewMemory]. The zero value is fine.
type MemoryOptions struct {
	// Most is how many downloads are kept; 0 is 100000. For another one, the download
	// that wasn't used for the longest time is dropped. An entry takes about 750 bytes,
	// with long names and many pieces up to 8 KB.
	Most int

	// Keep is how long a download is kept after its last use; 0 is 24 hours. The
	// time is that of the parts, so that old logs can be read. It should be longer than
	// Options.Window of the Ledger, and than a proxy takes for one answer: the line in
	// its log comes at the end.
	Keep time.Duration

	// Done gets each entry when it is dropped, for example to write it to a database.
	// nil: entries are lost then. It is called before Add or Open returns, and must not
	// call the Memory.
	Done func(Entry)
}

// A download has the entries with one ID: one for each version of its file.
type download struct {
	id      string
	what    string // "": it was not opened
	opened  bool   // in Memory.open
	last    time.Time
	entries []Entry // the one that was used last is at the end
	place   *list.Element
}

// NewMemory returns an empty Memory. nil options are the zero value. It panics if Most
// or Keep is negative.
func NewMemory(o *MemoryOptions) *Memory {
	m := &Memory{ids: map[string]*download{}, open: map[string]*download{}}
	if o != nil {
		m.o = *o
	}
	if m.o.Most == 0 {
		m.o.Most = 100_000
	}
	if m.o.Keep == 0 {
		m.o.Keep = 24 * time.Hour
	}
	if m.o.Most < 0 || m.o.Keep < 0 {
		panic(fmt.Sprintf("ledger: NewMemory: Most is %d and Keep is %v; want 0 or more", m.o.Most, m.o.Keep))
	}
	return m
}

// Open does what [Store.Open] says. It does no I/O and returns no error.
func (m *Memory) Open(_ context.Context, what string, began time.Time, window time.Duration) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.open[what]
	if found != nil && !began.After(found.last.Add(window)) && !found.last.After(lastuse.Latest(began)) && len(found.entries) < MostVersions {
		m.use(found, began)
		return found.id, nil
	}
	made := m.add(rand.Text(), what, began)
	if old := m.open[what]; old != nil {
		old.opened = false
	}
	m.open[what], made.opened = made, true
	return made.id, nil
}

// Add does what [Store.Add] says. It does no I/O and returns no error.
func (m *Memory) Add(_ context.Context, p Part) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.ids[p.ID]
	if d == nil {
		d = m.add(p.ID, "", p.Time)
	}
	m.use(d, p.Time)
	if d.entries = Fold(d.entries, p); len(d.entries) > MostVersions {
		m.done(&d.entries[0])
		d.entries = slices.Delete(d.entries, 0, 1)
	}
	return nil
}

// add makes room and a download.
func (m *Memory) add(id, what string, now time.Time) *download {
	for oldest := m.used.Back(); oldest != nil; oldest = m.used.Back() {
		d := oldest.Value.(*download)
		if len(m.ids) < m.o.Most && now.Sub(d.last) <= m.o.Keep {
			break
		}
		m.drop(d)
	}
	d := &download{id: id, what: what, last: now}
	d.place = m.used.PushFront(d)
	m.ids[id] = d
	return d
}

func (m *Memory) use(d *download, now time.Time) {
	if now.After(d.last) {
		d.last = now
	}
	m.used.MoveToFront(d.place)
}

func (m *Memory) drop(d *download) {
	m.used.Remove(d.place)
	delete(m.ids, d.id)
	if d.opened {
		delete(m.open, d.what)
	}
	for i := range d.entries {
		m.done(&d.entries[i])
	}
}

func (m *Memory) done(e *Entry) {
	if m.o.Done != nil {
		m.o.Done(e.clone())
	}
}

// Entries returns copies of all entries. The download that wasn't used for the longest
// time comes first.
func (m *Memory) Entries() []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Entry
	for at := m.used.Back(); at != nil; at = at.Prev() {
		d := at.Value.(*download)
		for i := range d.entries {
			all = append(all, d.entries[i].clone())
		}
	}
	return all
}

// Flush drops all entries; MemoryOptions.Done gets them in the order of
// [Memory.Entries]. Call it when the process ends.
func (m *Memory) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at := m.used.Back(); at != nil; at = m.used.Back() {
		m.drop(at.Value.(*download))
	}
}

var _ Store = (*Memory)(nil)
