package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// An index is everything about an archive but the content of its members. It
// doesn't change.
type index struct {
	format  format
	members []member
	directory
	size int64
	info fs.FileInfo
	tag  string // "": a member has no strong validator
}

// find returns the index of the member with the byte at offset, which is before the
// directory.
func (ix *index) find(offset int64) int {
	i, ok := slices.BinarySearchFunc(ix.members, offset, func(m member, at int64) int { return cmp.Compare(m.offset, at) })
	if ok {
		return i
	}
	return i - 1
}

// batch is how many entries are read before their files are asked.
const batch = 256

// newIndex reads the entries, and asks the files whose entries have no attributes.
func newIndex(ctx context.Context, name, contentType string, f format, entries iter.Seq2[Entry, error], o *settings) (*index, error) {
	if err := f.checkEnd(); err != nil {
		return nil, err
	}
	ix := &index{format: f}
	b := builder{index: ix, names: newNames(o.Names), options: o, now: time.Now()}
	pending := make([]Entry, 0, batch)
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		if pending = append(pending, e); len(pending) < batch {
			continue
		}
		if err := b.add(ctx, pending); err != nil {
			return nil, err
		}
		clear(pending)
		pending = pending[:0]
	}
	if err := b.add(ctx, pending); err != nil {
		return nil, err
	}
	ix.members = slices.Clip(ix.members)
	ix.layOut(newTagger(contentType, o))
	if b.learned && o.IfRange != "" && o.IfRange != ix.tag {
		ix.resume(func() *tagger { return newTagger(contentType, o) }, o.IfRange)
	}
	if o.compressed {
		ix.size = -1
	}
	a := downloadview.Attributes{Size: ix.size, ETag: ix.tag, ContentType: contentType}
	ix.info = info{a.FileInfo(name), a}
	return ix, nil
}

// layOut computes what follows from the members: the offsets, the size and the tag.
func (ix *index) layOut(t *tagger) {
	ix.directory = directory{members: len(ix.members)}
	for i := range ix.members {
		m := &ix.members[i]
		m.offset = ix.directory.offset
		ix.directory.offset += extent(ix.format, m)
		ix.directory.size += ix.format.recordSize(m)
		t.add(m, ix.format.isFramed(m))
	}
	ix.size = ix.directory.offset + ix.directory.size + ix.format.endSize(ix.directory)
	ix.tag = t.sum()
}

// resume lays the archive out as it was before a checksum was learned, if it had the
// entity tag wanted then.
func (ix *index) resume(newTagger func() *tagger, wanted string) {
	learned := slices.Clone(ix.members)
	for i := range ix.members {
		if m := &ix.members[i]; m.learned {
			m.known = false
		}
	}
	if ix.layOut(newTagger()); ix.tag != wanted {
		ix.members = learned
		ix.layOut(newTagger())
	}
}

// A builder adds members to an index.
type builder struct {
	*index
	names   *names
	options *settings
	now     time.Time
	read    int   // entries
	content int64 // bytes in the members
	learned bool  // a checksum is from Options.Known
}

// mostContent is the most bytes in the members of an archive. With all that is around
// them, their number is still one of 63 bits.
const mostContent = 1 << 62

func (b *builder) add(ctx context.Context, entries []Entry) error {
	looks := make([]look, len(entries))
	if err := b.lookUp(ctx, entries, looks); err != nil {
		return err
	}
	for i := range entries {
		b.read++
		if err := b.addOne(&entries[i], &looks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) addOne(e *Entry, l *look) error {
	m, err := b.member(e, l)
	if err != nil {
		return fmt.Errorf("entry %d of the archive, %q: %w", b.read, e.Name, err)
	}
	if m.name == "" {
		return nil // a folder that is there
	}
	size := max(m.size, 0)
	if size > mostContent-b.content {
		return fmt.Errorf("entry %d of the archive, %q: with its %d bytes there are more than %d in the members", b.read, e.Name, size, int64(mostContent))
	}
	b.content += size
	b.learned = b.learned || m.learned
	b.members = append(b.members, m)
	return nil
}

func (b *builder) member(e *Entry, l *look) (m member, err error) {
	m = member{file: e.File, comment: strings.ToValidUTF8(e.Comment, "\uFFFD"), modTime: timeOf(e.ModTime), mode: e.Mode & fs.ModePerm}
	if m.isFolder() {
		if !strings.HasSuffix(e.Name, "/") {
			return m, errors.New("an entry without a File is a folder, and needs a slash at the end of its name")
		}
		m.mode = cmp.Or(m.mode, 0o755)
		if m.name, err = b.names.directory(e.Name); err == nil {
			err = b.format.check(&m)
		}
		return m, err
	}
	name := e.Name
	if name == "" {
		name = e.File.Name()
	}
	if strings.HasSuffix(name, "/") {
		return m, errors.New("the name of a file has a slash at its end")
	}
	if m.name, err = b.names.file(name); err != nil {
		return m, err
	}
	a := l.attributes
	m.deflated = b.options.deflates(m.name, a.Size)
	if a.Size < 0 && !m.deflated {
		return m, errors.New("the size of the file is not known: give its Attributes")
	}
	m.size, m.version, m.mode = a.Size, versionOf(a), cmp.Or(m.mode, 0o644)
	m.strong = m.version.isStrong(b.now)
	if e.ModTime.IsZero() {
		m.modTime = timeOf(a.ModTime)
	}
	switch {
	case m.deflated:
	case e.CRC32 != nil:
		m.crc, m.known = *e.CRC32, true
	case l.crc != nil:
		m.crc, m.known, m.learned = *l.crc, true, l.learned
	}
	return m, b.format.check(&m)
}

// A look is what is known of the file of an entry.
type look struct {
	attributes downloadview.Attributes
	info       fs.FileInfo // nil: the file wasn't asked
	crc        *uint32     // nil: not known
	learned    bool        // crc is from Options.Known
	fetched    bool        // crc took another request to the store
	err        error
}

// lookUp fills looks. It asks several files at once.
func (b *builder) lookUp(ctx context.Context, entries []Entry, looks []look) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	free := make(chan struct{}, b.options.Lookups)
	for i := range entries {
		e, l := &entries[i], &looks[i]
		switch {
		case e.File == nil:
		case wrapper.IsNothing(e.File):
			l.err = fmt.Errorf("the File is a nil %T", e.File)
		case e.Attributes != nil && e.Attributes.Size >= 0 && (b.options.Known == nil || e.CRC32 != nil):
			l.attributes = *e.Attributes
		default:
			free <- struct{}{}
			running.Go(func() {
				defer func() { <-free }()
				b.lookAt(ctx, e, l)
				if l.err != nil {
					cancel()
				}
			})
		}
	}
	running.Wait()
	return firstError(entries, looks)
}

// lookAt fills the look at one file. In its goroutine, a panic would end the program.
func (b *builder) lookAt(ctx context.Context, e *Entry, l *look) {
	defer func() {
		if v := recover(); v != nil {
			l.err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	*l = ask(ctx, e, b.options.Known)
	if b.needsSum(e, l) {
		l.fetch(ctx)
	}
}

// needsSum reports whether the checksum would change how the archive has the file.
func (b *builder) needsSum(e *Entry, l *look) bool {
	return e.CRC32 == nil && !b.options.compressed && b.format.isFramed(&member{file: e.File, size: l.attributes.Size})
}

// ask finds the attributes of the file of e, and its checksum.
func ask(ctx context.Context, e *Entry, known Checksums) (l look) {
	if err := ctx.Err(); err != nil {
		return look{err: err}
	}
	if e.Attributes != nil && e.Attributes.Size >= 0 {
		l.attributes = *e.Attributes
	} else {
		fi, err := downloadview.Stat(ctx, e.File)
		if err != nil {
			return look{err: err}
		}
		if !fi.Mode().IsRegular() {
			return look{err: fmt.Errorf("it is no regular file (%v)", fi.Mode().Type())}
		}
		l.info, l.attributes, l.crc = fi, downloadview.AttributesOf(fi), storedCRC(fi)
	}
	if known == nil || l.crc != nil || e.CRC32 != nil {
		return l
	}
	if v, ok := VersionOf(e.File, l.attributes); ok {
		if b, ok := known.Load(ctx, v, v.Size); ok && b.Length == v.Size {
			l.crc, l.learned = &b.CRC32, true
		}
	}
	return l
}

// firstError returns the error that ended the others, if there is one.
func firstError(entries []Entry, looks []look) error {
	var first error
	for i, l := range looks {
		if l.err == nil {
			continue
		}
		if !errors.Is(l.err, context.Canceled) {
			return memberError(nameOf(&entries[i]), l.err)
		}
		if first == nil {
			first = memberError(nameOf(&entries[i]), l.err)
		}
	}
	return first
}

func nameOf(e *Entry) string {
	if e.Name == "" && e.File != nil && !wrapper.IsNothing(e.File) {
		return path.Base(e.File.Name())
	}
	return e.Name
}
