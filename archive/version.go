package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// A version is what tells one version of a file from the next: the entity tag of
// the store, or the time of the last change. Without both it is not known.
type version struct {
	etag    string
	modTime int64 // nanoseconds; 0: not known
}

func versionOf(a downloadview.Attributes) version {
	if tag := a.StrongETag(); tag != "" {
		return version{etag: tag}
	}
	if downloadview.UsefulModTime(a.ModTime) {
		return version{modTime: a.ModTime.UnixNano()}
	}
	return version{}
}

// isStrong reports whether another version of the file would differ. A file may
// change twice within a second, so a time of whole seconds counts only after a
// while.
func (v version) isStrong(now time.Time) bool {
	switch {
	case v.etag != "":
		return true
	case v.modTime == 0:
		return false
	}
	t := time.Unix(0, v.modTime)
	return t.Nanosecond() != 0 || now.Sub(t) >= 2*time.Second
}

func (v version) String() string {
	if v.etag != "" {
		return v.etag
	}
	return strconv.FormatInt(v.modTime, 16)
}

// isSecondOf reports whether v is the time of w in whole seconds. HTTP tells no more of a time
// that the listing of a bucket has with fractions.
func (v version) isSecondOf(w version) bool {
	const second = int64(time.Second)
	return v.etag == "" && w.etag == "" && v.modTime != 0 && v.modTime == w.modTime/second*second
}

// check compares the metadata of an open file with the member's version. If only the time
// was known of that, as from a listing, an entity tag doesn't count.
func (m *member) check(a downloadview.Attributes) error {
	if m.version.etag == "" {
		a.ETag = ""
	}
	now := versionOf(a)
	switch {
	case a.Size >= 0 && m.size >= 0 && a.Size != m.size:
		return fmt.Errorf("%w: it had %d bytes and has %d now", downloadview.ErrChanged, m.size, a.Size)
	case m.version != version{} && now != m.version && !now.isSecondOf(m.version):
		return fmt.Errorf("%w: its version was %v and is %v now", downloadview.ErrChanged, m.version, now)
	}
	return nil
}

// checkHandle compares an open file with the member's version.
func (m *member) checkHandle(h fs.File) error {
	fi, err := wrapper.Stat(h)
	if err != nil {
		return err
	}
	return m.check(downloadview.AttributesOf(fi))
}

// open opens the content of m from offset on, in the version of m.
func (m *member) open(ctx context.Context, offset int64) (fs.File, error) {
	h, before, err := m.openAt(ctx, offset)
	if err != nil {
		return nil, m.failed(err)
	}
	if err = m.checkHandle(h); err == nil && before > 0 {
		err = leaveOut(ctx, h, before)
	}
	if err != nil {
		h.Close()
		return nil, m.failed(err)
	}
	return h, nil
}

// openAt opens m. The bytes at offset come after those before, which are to be left out: a
// file that is made while it is read, or that is compressed where it lives, has no other
// way to them.
func (m *member) openAt(ctx context.Context, offset int64) (h fs.File, before int64, err error) {
	f := m.file
	if m.version.etag != "" {
		f = downloadview.Pin(f, m.version.etag)
	}
	if _, ranged := downloadview.Find[downloadview.RangeFile](f); ranged && offset > 0 {
		h, err := downloadview.OpenRange(ctx, f, offset, m.size-offset)
		if !errors.Is(err, errors.ErrUnsupported) {
			return h, 0, err
		}
	}
	h, err = wrapper.Open(ctx, f)
	if err != nil || offset == 0 {
		return h, 0, err
	}
	if s, ok := h.(io.Seeker); ok { // h itself, so that a file of the system stays one
		if _, err = s.Seek(offset, io.SeekStart); err == nil {
			return h, 0, nil
		}
		h.Close() // it may be anywhere now
		if errors.Is(err, downloadview.ErrUpstream) || ctx.Err() != nil {
			return nil, 0, err
		}
		if h, err = wrapper.Open(ctx, f); err != nil { // some wrappers have a Seek that always fails
			return nil, 0, err
		}
	}
	return h, offset, nil
}

// leaveOut reads n bytes of h.
func leaveOut(ctx context.Context, h fs.File, n int64) error {
	_, err := io.CopyN(io.Discard, contextReader{ctx, h}, n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// failed returns err as the reason for which there is no archive. That a member is
// missing or forbidden says nothing about the archive, so that meaning is removed.
func (m *member) failed(err error) error { return memberError(m.name, err) }
