package middleware

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Denylist has the IDs of links that are revoked before they expire, in the memory of
// this process. Its method Revoked is what [LinksOptions] take. It forgets an ID when the
// links with it have expired. [NewDenylist] makes one. Several goroutines may use it.
//
// Other processes don't know of it, and it is empty after a restart: the application
// fills it again, or asks a database in its place.
type Denylist struct {
	most int
	mu   sync.RWMutex
	ids  map[string]*denied
	ends denials
}

// DenylistOptions are the options of [NewDenylist]. The zero value is fine.
type DenylistOptions struct {
	// Most is how many IDs the list may have; 0 means 100,000, which take about 12 MB.
	Most int
}

// NewDenylist returns an empty list. nil options are the zero value. It panics if Most
// is negative.
func NewDenylist(o *DenylistOptions) *Denylist {
	d := &Denylist{most: 100_000, ids: map[string]*denied{}}
	if o != nil && o.Most != 0 {
		d.most = o.Most
	}
	if d.most < 0 {
		panic("middleware: NewDenylist: Most is negative")
	}
	return d
}

// Revoke revokes all links with an id, until the last of them has expired. That is
// Expires of their Grants; of a Grant with a Window, a Window later. A later call can
// only move it to a later time. It is an error if id is empty or until is zero, and if
// the list is full of links that have not expired: then id is not revoked.
func (d *Denylist) Revoke(id string, until time.Time) error {
	switch {
	case id == "":
		return errors.New("revoke a link: its id is empty")
	case until.IsZero():
		return fmt.Errorf("revoke the links with the id %q: want the time when they expire", id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for len(d.ends) > 0 && !d.ends[0].until.After(now) {
		delete(d.ids, heap.Pop(&d.ends).(*denied).id)
	}
	if each := d.ids[id]; each != nil {
		if until.After(each.until) {
			each.until = until
			heap.Fix(&d.ends, each.index)
		}
		return nil
	}
	if !until.After(now) {
		return nil // its links are over
	}
	if len(d.ids) >= d.most {
		return fmt.Errorf("revoke the links with the id %q: the list is full, it has %d ids", id, len(d.ids))
	}
	each := &denied{id: id, until: until}
	d.ids[id] = each
	heap.Push(&d.ends, each)
	return nil
}

// Revoked reports whether the links with an id are revoked. It does no I/O; the error is
// always nil.
func (d *Denylist) Revoked(_ context.Context, id string) (bool, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	each := d.ids[id]
	return each != nil && each.until.After(time.Now()), nil
}

// A denied id, and where it is in denials.
type denied struct {
	id    string
	until time.Time
	index int
}

// denials are a heap: the first ends first.
type denials []*denied

func (d denials) Len() int           { return len(d) }
func (d denials) Less(i, j int) bool { return d[i].until.Before(d[j].until) }

func (d denials) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

func (d *denials) Push(x any) {
	each := x.(*denied)
	each.index = len(*d)
	*d = append(*d, each)
}

func (d *denials) Pop() any {
	last := len(*d) - 1
	each := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return each
}
