package archive

import (
	"cmp"
	"compress/flate"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"math"

	"github.com/downloadview/downloadview"
)

// CompressedZip returns a zip archive like [Zip], whose files are compressed while it
// is sent. So its length is not known beforehand: it is sent in chunks, without
// ranges, and clients can't show the progress or resume. It has an entity tag for
// If-None-Match, if all files have validators.
//
// A file whose size is not known, such as one of [downloadview.FromFunc], may be in
// it, with up to 4 GiB less a byte, also when it is compressed. [Options].Resume has no
// effect. If Level is not one of [compress/flate.NewWriter], opening the archive is an
// error.
func CompressedZip(name string, entries iter.Seq2[Entry, error], o *Options) downloadview.File {
	s := newSettings(o)
	s.compressed = true
	s.Resume = nil
	return compressed{newArchive(name, "application/zip", zipFormat{comment: s.Comment}, entries, s)}
}

// compressed hides the ranges of an archive.
type compressed struct{ archive *archive }

func (c compressed) Name() string { return c.archive.name }

func (c compressed) Stat(ctx context.Context) (fs.FileInfo, error) { return c.archive.Stat(ctx) }

func (c compressed) Open(ctx context.Context) (fs.File, error) { return c.open(ctx, c.archive.look) }

// Looked returns the archive of the last look; see [downloadview.Pinner].
func (c compressed) Looked(etag string) (downloadview.File, bool) {
	ix := c.archive.known(etag)
	return lookedCompressed{c, ix}, ix != nil
}

// lookedCompressed is a compressed archive whose members are not asked again.
type lookedCompressed struct {
	compressed
	index *index
}

func (c lookedCompressed) Open(ctx context.Context) (fs.File, error) {
	return c.open(ctx, func(context.Context) (*index, error) { return c.index, nil })
}

func (c compressed) open(ctx context.Context, look func(context.Context) (*index, error)) (fs.File, error) {
	level := cmp.Or(c.archive.options.Level, flate.DefaultCompression)
	deflater, err := flate.NewWriter(io.Discard, level)
	if err != nil {
		return nil, fmt.Errorf("archive %q: %w", c.archive.name, err)
	}
	ix, err := look(ctx)
	if err != nil {
		return nil, err
	}
	a := downloadview.AttributesOf(ix.info)
	produce := func(ctx context.Context, w io.Writer) error {
		p := packer{handle: newHandle(ctx, ix, c.archive.options, 0, 0), w: w, deflater: deflater}
		defer p.closeContent() // it has failed already, if it is open
		return p.pack()
	}
	return downloadview.FromFunc(c.archive.name, produce, &a).Open(ctx)
}

// A packer writes an archive with compressed members. Their sizes and offsets are
// only known then, so it has a copy of the members. It keeps the checksums in the
// handle.
type packer struct {
	*handle
	w        io.Writer
	deflater *flate.Writer
	buffer   []byte
}

func (p *packer) pack() error {
	ix := *p.index
	ix.members = append([]member(nil), ix.members...)
	p.index, p.buffer, p.end = &ix, make([]byte, 64<<10), math.MaxInt64
	for p.member = range ix.members {
		m := &ix.members[p.member]
		m.offset = p.pos
		if err := p.openContent(0); err != nil {
			return err
		}
		m.large = m.deflated && mostDeflated(max(m.size, 0)) >= limit32
		if err := p.write(ix.format.head(nil, m)); err != nil {
			return err
		}
		if err := p.packContent(m); err != nil {
			return err
		}
		if err := p.write(ix.format.foot(nil, m, p.sums[p.member])); err != nil {
			return err
		}
	}
	return p.packDirectory(&ix)
}

func (p *packer) packDirectory(ix *index) error {
	p.stage = stageRecords
	d := directory{offset: p.pos, members: len(ix.members)}
	for i := range ix.members {
		m := &ix.members[i]
		sum := m.crc
		if ix.format.isFramed(m) {
			sum = p.sums[i]
		}
		if err := p.write(ix.format.record(nil, m, sum)); err != nil {
			return err
		}
	}
	d.size = p.pos - d.offset
	p.end = p.pos + ix.format.endSize(d)
	return p.write(ix.format.end(nil, d))
}

// write writes b and reports the progress.
func (p *packer) write(b []byte) error {
	n, err := p.w.Write(b)
	p.pos += int64(n)
	p.report()
	return err
}

// packContent writes the content of m.
func (p *packer) packContent(m *member) error {
	c := p.content
	if c == nil {
		return nil
	}
	var err error
	if m.deflated {
		err = p.deflate(m, c)
	} else {
		err = p.store(m, c)
	}
	if err == nil {
		err = c.finish()
	}
	if err != nil {
		return err
	}
	return p.closeContent()
}

func (p *packer) store(m *member, c *content) error {
	for at, size := int64(0), p.index.format.bodySize(m); at < size; {
		b, n, err := p.buffer[:min(int64(len(p.buffer)), size-at)], 0, error(nil)
		if c.framed {
			n, err = c.readFramed(b, at)
		} else {
			n, err = c.read(b)
		}
		if err != nil {
			return err
		}
		at += int64(n)
		if err := p.write(b[:n]); err != nil {
			return err
		}
	}
	p.sums[p.member] = c.crc
	return nil
}

func (p *packer) deflate(m *member, c *content) error {
	start, sum := p.pos, crc32.NewIEEE()
	p.deflater.Reset(writerOf(p.write))
	var read int64
	for idle := 0; ; {
		n, err := c.file.Read(p.buffer)
		read += int64(n)
		sum.Write(p.buffer[:n])
		if _, err := p.deflater.Write(p.buffer[:n]); err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		}
		if err == nil && idle == 100 {
			err = io.ErrNoProgress
		}
		switch {
		case m.size >= 0 && read > m.size:
			return m.failed(fmt.Errorf("it has more than the %d bytes that were expected", m.size))
		case read >= limit32 && !m.large:
			return m.failed(fmt.Errorf("a file of unknown size has %d bytes or more, want less", int64(limit32)))
		case err == nil:
			continue
		case err == io.EOF && (m.size < 0 || read == m.size):
		case err == io.EOF:
			return m.failed(fmt.Errorf("at byte %d of %d: %w", read, m.size, io.ErrUnexpectedEOF))
		default:
			return m.failed(fmt.Errorf("at byte %d of %d: %w", read, m.size, err))
		}
		break
	}
	if err := p.deflater.Close(); err != nil {
		return err
	}
	if m.size, m.packed = read, p.pos-start; m.packed >= limit32 && !m.large {
		return m.failed(fmt.Errorf("a file of unknown size has %d bytes or more when it is compressed, want less", int64(limit32)))
	}
	c.at, p.sums[p.member] = read, sum.Sum32()
	return nil
}

// mostDeflated is more than size bytes can have when they are compressed. Those that gain
// nothing are in stored blocks, of 16 KiB or more except for the last one, and each has 5
// bytes more.
func mostDeflated(size int64) int64 { return size + size/2048 + 1024 }

// A writerOf is a function as an [io.Writer].
type writerOf func([]byte) error

func (w writerOf) Write(p []byte) (int, error) {
	if err := w(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var _ downloadview.StatFile = compressed{}
