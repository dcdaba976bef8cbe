package downloadview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"time"
)

// An opening says how a file is opened: whole, or at a range.
type opening struct {
	ranged bool
	spec   rangeSpec
}

// firstByte is how a file is opened that can be opened in the middle, for what
// its handle tells.
var firstByte = opening{true, rangeSpec{0, 0}}

// serves tells whether a handle that was opened in this way can carry p out.
func (o opening) serves(p plan, h fs.File, size int64) bool {
	if o.ranged {
		s, ok := o.spec.in(size)
		return ok && p.status == http.StatusPartialContent && p.ranges[0] == s
	}
	_, seeks := h.(io.Seeker)
	return p.status == http.StatusOK || seeks
}

// stream opens the file and sends what the request asks for.
//
// The facts that count are those of the open handle. Where they lead to another
// decision than the one it was opened for, it is opened anew, a few times.
func (x *exchange) stream() error {
	x.move()
	if x.limit > 0 {
		x.w = &pacedWriter{ResponseWriter: x.w, ctx: x.r.Context(), rate: x.limit}
	}
	if (x.resp.ETag != "" || !x.resp.ModTime.IsZero()) && !asksForAny(x.r.Header) {
		k := x.facts(Attributes{Size: -1}, noParts)
		if precondition(x.r.Method, x.r.Header, k) == http.StatusNotModified {
			x.unseen = true
			x.sendNotModified(k, &Attributes{})
			return nil
		}
	}
	x.ranger, _ = Find[RangeFile](x.resp.File)
	if done, err := x.recall(); done {
		return err
	}
	how, done, err := x.prepare()
	for tries := 4; !done && err == nil; tries-- {
		if tries == 0 {
			err = errors.New("the file kept changing while it was being opened")
			return &StatusError{Status: http.StatusServiceUnavailable, Err: err}
		}
		how, done, err = x.try(how)
	}
	return err
}

// prepare chooses the first opening. Where the file tells its metadata without
// being opened, that may be the answer already.
func (x *exchange) prepare() (how opening, done bool, err error) {
	var wanted rangeSet
	if x.r.Method == http.MethodGet {
		wanted, _ = parseRange(x.r.Header["Range"])
	}
	if x.r.Method == http.MethodHead || hasPreconditions(x.r.Header) || len(wanted) > 1 {
		fi, err := statUnopened(x.r.Context(), x.resp.File)
		_, looks := Find[StatFile](x.resp.File)
		if looks {
			x.asked++
		}
		if err == nil || !x.isDoubtful(err) {
			return x.judge(fi, err)
		}
		if looks && x.r.Method == http.MethodHead && x.ranger != nil {
			return firstByte, false, nil
		}
	}
	if x.ranger != nil && len(wanted) > 0 {
		return opening{true, wanted[0]}, false, nil
	}
	return opening{}, false, nil
}

// isDoubtful reports whether a failed look leaves open whether the file can be
// read: many a store refuses HEAD, or answers it wrongly, where GET is fine.
func (x *exchange) isDoubtful(err error) bool {
	if errors.Is(err, errors.ErrUnsupported) {
		return true
	}
	if _, looks := Find[StatFile](x.resp.File); !looks || x.r.Method == http.MethodHead || x.r.Context().Err() != nil {
		return false
	}
	switch StatusCode(err) {
	case http.StatusForbidden:
		return true
	case http.StatusNotFound:
		return !says(err, fs.ErrInvalid)
	}
	return false
}

// judge decides on metadata of a file that is not open: either that ends the
// request, or it says what to open. The file may have changed since the look, so
// what is refused here is judged again by an open handle.
func (x *exchange) judge(fi fs.FileInfo, err error) (opening, bool, error) {
	if err != nil {
		return opening{}, true, err
	}
	a, err := attributes(fi)
	if err != nil {
		return opening{}, true, err
	}
	x.looked = true
	k := x.facts(a, x.parts(a))
	p := decide(x.r.Method, x.r.Header, k)
	refused := p.status == http.StatusPreconditionFailed || p.status == http.StatusRequestedRangeNotSatisfiable && !x.beyond
	switch {
	case x.r.Method == http.MethodHead:
	case refused && x.ranger != nil:
		return firstByte, false, nil
	case refused:
		return opening{}, false, nil
	case p.endsWithoutBytes(), k.size == 0 && x.beyond:
	default:
		return x.openingFor(p), false, nil
	}
	return opening{}, true, x.send(body{}, p, a, k)
}

// try opens the file and sends it, or returns another opening to try.
func (x *exchange) try(how opening) (opening, bool, error) {
	h, fi, err := x.open(how)
	x.asked++
	if how.ranged && (errors.Is(err, ErrRange) || errors.Is(err, errors.ErrUnsupported)) {
		return x.afterRefused(how, err)
	}
	if err != nil {
		return opening{}, true, err
	}
	defer h.Close() // its error comes too late to change what was sent
	if fi == nil {
		if fi, err = statOf(h); err != nil {
			return opening{}, true, err
		}
	}
	a, err := attributes(fi)
	if err != nil {
		return opening{}, true, err
	}
	offered := x.parts(a)
	_, seeks := h.(io.Seeker)
	switch {
	case seeks && !how.ranged:
		offered = manyParts
	case offered > onePart && how.ranged:
		offered++ // it has the first one
	}
	k := x.facts(a, offered)
	p := decide(x.r.Method, x.r.Header, k)
	if p.status == http.StatusPartialContent && x.refused && !how.ranged && !seeks {
		k.parts = noParts // the file doesn't give what is in it
		p = decide(x.r.Method, x.r.Header, k)
	}
	if p.endsWithoutBytes() || x.r.Method == http.MethodHead || how.serves(p, h, k.size) {
		x.compare(a)
		return opening{}, true, x.send(body{h, how}, p, a, k)
	}
	return x.openingFor(p), false, nil
}

// afterRefused returns what to open where the file can't be opened at the range
// of how, because of err.
func (x *exchange) afterRefused(how opening, err error) (opening, bool, error) {
	x.beyond = errors.Is(err, ErrRange)
	suffix := how.spec.isSuffix()
	x.refused = x.refused || !suffix
	switch {
	case how == firstByte:
		return opening{}, false, nil // it is empty, or has no ranges
	case !suffix && (!x.beyond || x.looked):
		x.ranger = nil
		return opening{}, false, nil
	}
	fi, err := Stat(x.r.Context(), x.resp.File)
	x.asked += 2 // and one more where that is refused
	if err != nil && x.isDoubtful(err) {
		return opening{}, false, nil
	}
	next, done, err := x.judge(fi, err)
	if next.ranged && next.spec.first == how.spec.first { // it is there, so no range of it can be had
		next = opening{}
	}
	return next, done, err
}

// open opens the file. The metadata is nil where it wasn't looked at.
func (x *exchange) open(how opening) (fs.File, fs.FileInfo, error) {
	if !how.ranged {
		return openAndLook(x.r.Context(), x.resp.File)
	}
	offset, length := how.spec.open()
	h, err := openPart(x.r.Context(), x.ranger, offset, length)
	return h, nil, err
}

// openingFor returns the opening that a decision calls for.
func (x *exchange) openingFor(p plan) opening {
	if x.ranger != nil && p.status == http.StatusPartialContent {
		part := p.ranges[0]
		return opening{true, rangeSpec{part.start, part.start + part.length - 1}}
	}
	return opening{}
}

// parts tells what can be sent of a file whose handle can't seek. Each part is a
// request to where it lives.
func (x *exchange) parts(a Attributes) parts {
	switch {
	case x.ranger == nil:
		return noParts
	case version(a, x.now()) == "":
		return onePart
	}
	return parts(maxAsked - x.asked)
}

// attributes returns what fi says of a file that has bytes to send.
func attributes(fi fs.FileInfo) (Attributes, error) {
	const noBytes = fs.ModeDir | fs.ModeNamedPipe | fs.ModeSocket | fs.ModeDevice | fs.ModeCharDevice
	if m := fi.Mode() & noBytes; m != 0 {
		return Attributes{}, fmt.Errorf("%q is no regular file (%v): %w", fi.Name(), m, fs.ErrNotExist)
	}
	return AttributesOf(fi), nil
}

// version returns the tag that everything opened for one answer must share.
func version(a Attributes, now time.Time) string {
	if tag := a.StrongETag(); tag != "" {
		return tag
	}
	return NanosecondTag.tag(a.ModTime, a.Size, now)
}

// facts are what a decision rests on and the client is told: the view's word
// before the storage's, and the proxy's kind of tag where a rule covers the file.
func (x *exchange) facts(a Attributes, offered parts) facts {
	k := facts{size: a.Size, etag: x.resp.ETag, modTime: x.resp.ModTime, parts: offered}
	switch {
	case k.etag != "":
	case x.style != NanosecondTag:
		k.etag = x.style.tag(a.ModTime, a.Size, x.now())
	default:
		k.etag = version(a, x.now())
	}
	if k.modTime.IsZero() {
		k.modTime = a.ModTime
	}
	k.age = x.now().Sub(k.modTime)
	if !UsefulModTime(k.modTime) || k.age < 0 {
		k.modTime = time.Time{}
	}
	k.modTime = k.modTime.Truncate(time.Second)
	return k
}

// send carries p out with the bytes of b; an error before the header is out is
// returned as it is, and a *cutOff after it.
func (x *exchange) send(b body, p plan, a Attributes, k facts) error {
	switch p.status {
	case http.StatusNotModified:
		x.sendNotModified(k, &a)
		return nil
	case http.StatusPreconditionFailed:
		return &StatusError{Status: p.status, Err: failedPrecondition(x.r.Header)}
	case http.StatusRequestedRangeNotSatisfiable:
		size := strconv.FormatInt(k.size, 10)
		return &StatusError{
			Status: p.status,
			Err:    fmt.Errorf("range %.100q is not in the %s bytes of the file", x.r.Header.Get("Range"), size),
			Header: http.Header{"Content-Range": {"bytes */" + size}},
		}
	}
	return x.sendContent(b, p, a, k)
}

func (x *exchange) sendNotModified(k facts, a *Attributes) {
	h := x.w.Header()
	for _, key := range contentFields {
		delete(h, key)
	}
	f := fieldsOf(x.w, 3)
	f.notModified(x, k, a)
	if x.options.NotModified != nil {
		x.options.NotModified(x.w, x.r)
	}
	x.outcome.Status = http.StatusNotModified
	x.w.WriteHeader(http.StatusNotModified)
}
