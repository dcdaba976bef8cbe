package ledger

import (
	"slices"
	"strings"
	"time"
)

// An Entry is one logical download of one version of a file.
type Entry struct {
	// ID is that of the download. Entries for several versions of the file have the
	// same ID and another Version.
	ID string `json:"id"`
	Download

	// Version is the entity tag of the file, in quotes and without "W/". "" means
	// that no answer had one.
	Version string `json:"version"`

	// Size is the file's size in bytes; -1 if it isn't known.
	Size int64 `json:"size"`

	// Bytes is how many bytes of the file left, in all answers together. Bytes that
	// left twice count twice.
	Bytes int64 `json:"bytes"`

	// Complete reports whether each byte of the file left at least once.
	Complete bool `json:"complete"`

	// Pieces are the parts of the file that left, in order. If they would be more than
	// [MostPieces], further ones are left out, and Scattered is true. The answers that
	// have several ranges add none.
	Pieces    []Piece `json:"pieces"`
	Scattered bool    `json:"scattered,omitempty"`

	// First is when the first request came, Last when the last answer ended.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`

	// The requests of the download: those that this process answered itself, those
	// that it left to a proxy, and those that it redirected. Logged is how many lines
	// of the proxy's log were read. While it is less than HandedOver, some bytes are
	// not counted yet.
	Streamed   int `json:"streamed"`
	HandedOver int `json:"handed_over"`
	Redirected int `json:"redirected"`
	Logged     int `json:"logged"`

	// Logs are the ends of the last lines that were added with their [Part.Log], one for
	// each log, at most [MostLogs].
	Logs []Position `json:"logs,omitempty"`

	// Ended is why the answer that ended last was not sent whole, as in [Part.Ended].
	// "" means that it was.
	Ended string `json:"ended"`

	// EndedAt is when that answer ended; zero: none has yet.
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// MostLogs is how many logs an entry remembers. It forgets the one that had no line for
// it for the longest time.
const MostLogs = 4

// MostPieces is how many pieces an entry remembers.
const MostPieces = 256

// MostVersions is how many versions of its file a download has. With the next request,
// another one begins: stores write all entries of a download at once.
const MostVersions = 16

// Requests returns how many requests the download took. Those of a proxy count once:
// when they are handed over, or by the proxy's log if that alone is known.
func (e *Entry) Requests() int {
	return e.Streamed + e.Redirected + max(e.HandedOver, e.Logged)
}

// Fold adds p to one of the entries of a download, or to a new one, as [Store.Add] says,
// and returns them. The entries have the ID of p, in the order of their last use; the
// changed one is at the end of the result. Fold is for stores. It changes entries, their
// Pieces and Logs. Bytes that not every store can keep, zero and those that aren't UTF-8,
// become U+FFFD in the texts of an entry, except its ID.
func Fold(entries []Entry, p Part) []Entry {
	for _, s := range []*string{&p.Version, &p.Subject, &p.Name, &p.Source} {
		*s = strings.ReplaceAll(strings.ToValidUTF8(*s, "\ufffd"), "\x00", "\ufffd")
	}
	i := len(entries) - 1
	if p.Version != "" {
		i = slices.IndexFunc(entries, func(e Entry) bool { return e.Version == p.Version })
		if i < 0 {
			i = slices.IndexFunc(entries, func(e Entry) bool { return e.Version == "" })
		}
	}
	e := Entry{ID: p.ID, Size: -1}
	if i >= 0 {
		e = entries[i]
		entries = slices.Delete(entries, i, i+1)
	} else if n := len(entries); n > 0 {
		e.Download = entries[n-1].Download
	}
	e.add(p)
	return append(entries, e)
}

func (e *Entry) add(p Part) {
	if p.Log.Head != "" && !e.reads(p.Log) {
		return
	}
	switch p.Kind {
	case Streamed:
		e.Streamed++
	case HandedOver:
		e.HandedOver++
	case Logged:
		e.Logged++
	case Redirected:
		e.Redirected++
	}
	if p.Kind != Logged || e.Download == (Download{}) { // the proxy knows another name, and only an address
		e.Download = p.Download
	}
	if e.Version == "" {
		e.Version = p.Version
	}
	if p.Size >= 0 {
		e.Size = p.Size
	}
	e.Bytes += p.Bytes
	var ok bool
	if e.Pieces, ok = join(e.Pieces, p.Piece, MostPieces); !ok {
		e.Scattered = true
	}
	if p.Whole && e.Size < 0 {
		e.Size = p.Bytes
	}
	if p.Whole || len(e.Pieces) == 1 && e.Pieces[0] == (Piece{0, e.Size}) {
		e.Complete = true
	}
	if began := p.Began; e.First.IsZero() || began.Before(e.First) {
		e.First = began
	}
	if p.Time.After(e.Last) {
		e.Last = p.Time
	}
	if (p.Kind == Streamed || p.Kind == Logged) && !p.Time.Before(e.EndedAt) {
		e.Ended, e.EndedAt = p.Ended, p.Time
	}
}

// reads notes that a line of a log is added. It returns false if it was before.
func (e *Entry) reads(at Position) bool {
	i := slices.IndexFunc(e.Logs, func(p Position) bool { return p.Head == at.Head })
	if i >= 0 && e.Logs[i].Offset >= at.Offset {
		return false
	}
	if i < 0 && len(e.Logs) == MostLogs {
		i = 0
	}
	if i >= 0 {
		e.Logs = slices.Delete(e.Logs, i, i+1)
	}
	e.Logs = append(e.Logs, at)
	return true
}

// clone returns a copy of e that shares nothing with it.
func (e *Entry) clone() Entry {
	c := *e
	c.Pieces = append([]Piece{}, e.Pieces...)
	c.Logs = slices.Clone(e.Logs)
	return c
}
