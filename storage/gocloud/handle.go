package gocloud

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"gocloud.dev/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/localfile"
)

// part is an open object or range. It hides the reader's Seek, which opens the
// object again, perhaps in another version, and its WriteTo, which allocates a
// MiB.
type part struct {
	ctx        context.Context // of the request, to distinguish its end from the store's failures
	r          *blob.Reader
	left       int64  // bytes not yet read; negative: not known
	first      []byte // read already
	key        string
	attributes downloadview.Attributes
}

// part returns the handle of a reader that should return length bytes.
func (f *file) part(ctx context.Context, r *blob.Reader, length int64) *part {
	a := f.attributes(r)
	return &part{ctx: ctx, r: r, left: length, key: f.key, attributes: a}
}

func (f *file) attributes(r *blob.Reader) downloadview.Attributes {
	a := downloadview.Attributes{Size: r.Size(), ModTime: r.ModTime(), ContentType: r.ContentType()}
	if describe := f.storage.options.Describe; describe != nil {
		describe(r, &a)
	}
	return a
}

func (p *part) Stat() (fs.FileInfo, error) { return p.attributes.FileInfo(p.key), nil }

func (p *part) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	n, err := p.r.Read(b)
	if p.left < 0 {
		return n, p.failure(err)
	}
	p.left -= int64(n)
	switch {
	case p.left < 0, p.left == 0 && err == nil && p.hasMore():
		p.left = 0
		return 0, p.failure(errLonger)
	case p.left == 0 && err == nil:
		err = io.EOF
	case p.left > 0 && err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, p.failure(err)
}

// errLonger is the error of a range if its bytes are probably other ones. Drivers don't
// tell whether the store has heeded the range.
var errLonger = errors.New("the store sends more bytes than were asked for")

// hasMore reports whether there is a byte after the last one.
func (p *part) hasMore() bool {
	n, _ := io.ReadFull(p.r, make([]byte, 1))
	return n > 0
}

func (p *part) failure(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &fs.PathError{Op: "read", Path: p.key, Err: bucket.Failed(p.ctx, err)}
}

func (p *part) Close() error { return closed(p.r, p.key) }

// local is an open object of a bucket of local files. Its Seek stays in the
// open file, and with SyscallConn it is sent by sendfile(2).
type local struct {
	r    *blob.Reader // closes the file
	file *os.File
	key  string
	// attributes are the reader's. Their size and time were read before the
	// file was opened, so Stat reads them again.
	attributes downloadview.Attributes
}

// local returns the handle of a reader of a whole local file.
func (f *file) local(r *blob.Reader) (*local, bool) {
	var inner io.Reader
	if !r.As(&inner) {
		return nil, false
	}
	file, ok := inner.(*os.File)
	if !ok {
		return nil, false
	}
	return &local{r, file, f.key, f.attributes(r)}, true
}

// tellsSize reports whether the system tells the size of the file. An error of asking is
// also one of Stat.
func (l *local) tellsSize() bool {
	if l.attributes.Size > 0 { // the usual case
		return true
	}
	fi, err := l.file.Stat()
	if err != nil {
		return true
	}
	sized, _, err := localfile.Sized(l.key, l.file, fi)
	return err != nil || sized == fs.File(l.file)
}

func (l *local) Stat() (fs.FileInfo, error) {
	fi, err := l.file.Stat()
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: l.key, Err: bucket.Upstream(err)}
	}
	a := l.attributes
	a.Size, a.ModTime = fi.Size(), fi.ModTime()
	return a.FileInfo(l.key), nil
}

func (l *local) Read(b []byte) (int, error)                { return l.file.Read(b) }
func (l *local) Seek(off int64, whence int) (int64, error) { return l.file.Seek(off, whence) }
func (l *local) SyscallConn() (syscall.RawConn, error)     { return l.file.SyscallConn() }
func (l *local) Close() error                              { return closed(l.r, l.key) }

func closed(r *blob.Reader, key string) error {
	if err := r.Close(); err != nil {
		return &fs.PathError{Op: "close", Path: key, Err: bucket.Upstream(err)}
	}
	return nil
}

var (
	_ fs.File      = (*part)(nil)
	_ fs.File      = (*local)(nil)
	_ io.Seeker    = (*local)(nil)
	_ syscall.Conn = (*local)(nil)
)
