package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Position is a place in a log that [Follow] reads, also after the log was renamed.
// The zero value is the beginning of the file that has the log's name now.
type Position struct {
	Head   string `json:"head"`   // identifies the file by its first line
	Offset int64  `json:"offset"` // of the next line, in bytes
}

// FollowOptions are the options of [Follow]. The zero value is fine.
type FollowOptions struct {
	// Poll is how often Follow looks for new lines; 0 is a second.
	Poll time.Duration

	// Linger is how long Follow waits for more lines in a file that was renamed; 0 is
	// ten seconds. The proxy writes to it until it has opened the new one.
	Linger time.Duration
}

// Follow calls line for each line of the log at path, without its line break, while the
// proxy writes it. It follows the log when it is rotated: renamed and created anew, or
// copied and truncated. If it is truncated, lines that were written between the last
// look and the truncation are lost; logrotate's "create" loses none.
//
// from is where to begin, such as the last position for which line returned nil. Follow
// finds it also in a file beside path whose name begins with that of path, such as
// path+".1", or has the time before its extension, as Caddy names it, unless it is
// compressed. If no file has it any more, Follow begins at the start of path.
//
// line gets the position after the line, and must not keep b. Lines of more than 64 KiB
// are left out, and so is a last line without a line break.
//
// Follow returns nil when ctx is done and it has read what is there, or the first error of
// line or of reading. If there is no file at path, it waits for one. It reads in one
// goroutine, the caller's.
func Follow(ctx context.Context, path string, from Position, line func(b []byte, at Position) error, o *FollowOptions) error {
	f := &follower{path: path, line: line, poll: time.Second, linger: 10 * time.Second, buffer: make([]byte, 2*longestLine)}
	if o != nil && o.Poll > 0 {
		f.poll = o.Poll
	}
	if o != nil && o.Linger > 0 {
		f.linger = o.Linger
	}
	defer f.close()
	if err := f.resume(from); err != nil {
		return err
	}
	for {
		ended := ctx.Err() != nil // what was written before is still read
		if err := f.look(); err != nil || ended {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(f.poll):
		}
	}
}

type follower struct {
	path   string
	line   func([]byte, Position) error
	poll   time.Duration
	linger time.Duration
	tails  []*tail // the oldest first; the last one is the file at path, if there is one
	buffer []byte
}

func (f *follower) close() {
	for _, t := range f.tails {
		t.file.Close()
	}
}

// resume opens the files that have lines after from, except the one at path.
func (f *follower) resume(from Position) error {
	if from.Head == "" {
		return nil
	}
	dir, base := filepath.Split(f.path)
	if dir == "" {
		dir = "."
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names []string
	changed := map[string]time.Time{}
	for _, e := range all {
		if !strings.HasPrefix(e.Name(), base) && !isRolled(e.Name(), base) || slices.Contains(compressed, filepath.Ext(e.Name())) {
			continue
		}
		name := filepath.Join(dir, e.Name())
		fi, err := e.Info()
		if err == nil && e.Name() == base {
			fi, err = os.Stat(name) // it may be a link to the log
		}
		if err == nil && fi.Mode().IsRegular() {
			names, changed[name] = append(names, name), fi.ModTime()
		}
	}
	// The file at path is the newest, whatever the clock's resolution.
	current := filepath.Join(dir, base)
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case a == current:
			return 1
		case b == current:
			return -1
		}
		return changed[a].Compare(changed[b])
	})
	for _, name := range names {
		t, err := openTail(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case slices.ContainsFunc(f.tails, func(other *tail) bool { return os.SameFile(other.info, t.info) }):
			t.file.Close() // the log is a link to a file beside it
			continue
		case len(f.tails) > 0:
		case t.head == from.Head && t.size() >= from.Offset:
			t.offset = from.Offset
		default:
			t.file.Close()
			continue
		}
		f.tails = append(f.tails, t)
	}
	return nil
}

// isRolled reports whether name is that of a log called base after Caddy has rolled it: with the
// time, and in newer versions a reason, before the extension.
func isRolled(name, base string) bool {
	const form = "2006-01-02T15-04-05.000"
	ext := filepath.Ext(base)
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(base, ext)+"-")
	if !ok || len(rest) < len(form) {
		return false
	}
	_, err := time.Parse(form, rest[:len(form)])
	rest, ok = strings.CutSuffix(rest[len(form):], ext)
	return err == nil && ok && (rest == "" || rest[0] == '-')
}

// compressed are the ends of the names of compressed logs.
var compressed = []string{".gz", ".bz2", ".xz", ".zst"}

// look reads all new lines.
func (f *follower) look() error {
	if err := f.open(); err != nil {
		return err
	}
	for i := 0; i < len(f.tails); i++ {
		t := f.tails[i]
		grown, err := t.read(f.buffer, f.line)
		if err != nil {
			return err
		}
		if grown || t.since.IsZero() {
			t.since = time.Now()
		}
		if i < len(f.tails)-1 && time.Since(t.since) > f.linger {
			t.file.Close()
			f.tails = slices.Delete(f.tails, i, i+1)
			i--
		}
	}
	return nil
}

// open adds the file at path, if it is another one than before.
func (f *follower) open() error {
	fi, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() { // opening a pipe would wait for a writer, whatever ctx says
		return fmt.Errorf("log %s is not a file", f.path)
	}
	for _, t := range f.tails {
		if os.SameFile(t.info, fi) {
			return nil
		}
	}
	t, err := openTail(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, old := range f.tails {
		old.since = time.Now() // the time to linger begins
	}
	f.tails = append(f.tails, t)
	return nil
}

// A tail is a log of which new lines are read.
type tail struct {
	file   *os.File
	info   fs.FileInfo
	head   string // "": it has no whole line yet
	offset int64
	skip   bool      // the rest of a line that is too long
	since  time.Time // when it last grew
}

func openTail(name string) (*tail, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	t := &tail{file: file}
	if t.info, err = file.Stat(); err == nil {
		t.head, err = t.readHead()
	}
	if err == nil && !t.info.Mode().IsRegular() {
		err = fmt.Errorf("log %s is not a file", name)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return t, nil
}

func (t *tail) size() int64 {
	if fi, err := t.file.Stat(); err == nil {
		return fi.Size()
	}
	return 0
}

// readHead returns a hash of the first line, or of its first KiB.
func (t *tail) readHead() (string, error) {
	b := make([]byte, 1<<10)
	n, err := t.file.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	end := bytes.IndexByte(b[:n], '\n')
	if end < 0 && n < len(b) {
		return "", nil
	}
	if end < 0 {
		end = n
	}
	sum := sha256.Sum256(b[:end])
	return hex.EncodeToString(sum[:16]), nil
}

// longestLine is the length in bytes of the longest line that is read.
const longestLine = 64 << 10

// read calls line for the lines from t.offset on. grown reports whether there were any. b
// has room for a line.
func (t *tail) read(b []byte, line func([]byte, Position) error) (grown bool, err error) {
	head, err := t.readHead()
	if err != nil {
		return false, err
	}
	// A truncated file may be longer than before when it is looked at.
	if t.head != "" && head != t.head || t.size() < t.offset {
		t.offset, t.skip = 0, false
	}
	t.head = head
	for {
		n, err := t.file.ReadAt(b, t.offset)
		if err != nil && err != io.EOF {
			return grown, err
		}
		rest := b[:n]
		for {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				break
			}
			one := rest[:end]
			rest = rest[end+1:]
			t.offset += int64(end) + 1
			grown = true
			if t.head == "" { // it had no whole line when it was looked at
				if t.head, err = t.readHead(); err != nil {
					return grown, err
				}
			}
			if t.skip || len(one) > longestLine {
				t.skip = false
				continue
			}
			if err := line(one, Position{t.head, t.offset}); err != nil {
				return grown, err
			}
		}
		switch {
		case len(rest) > longestLine: // only the end of this line is looked for
			t.offset += int64(len(rest))
			t.skip = true
		case n < len(b):
			return grown, nil
		}
	}
}
