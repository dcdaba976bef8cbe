package downloadview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An opening says how to open a file: whole, or at a range.
type opening struct {
	ranged bool
	spec   rangeSpec
}

// firstByte opens a RangeFile only for the metadata of its handle.
var firstByte = opening{true, rangeSpec{0, 0}}

// serves reports whether h, which was opened in this way, can be used to send p.
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
// The open handle decides. If its facts lead to another decision than the one that
// it was opened for, the file is opened again, a few times.
func (x *exchange) stream() error {
	x.pace()
	if (x.resp.ETag != "" || !x.resp.ModTime.IsZero()) && !asksForAny(x.r.Header) && x.isNotModified() {
		return nil
	}
	x.ranger, _ = Find[RangeFile](x.resp.File)
	if done, err := x.recall(); done {
		return err
	}
	if x.ranger != nil {
		x.mayLeave()
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

// isNotModified sends a 304, if the view's own validators are enough for one.
func (x *exchange) isNotModified() bool {
	k := x.facts(&notLooked, noParts)
	if precondition(x.r.Method, x.r.Header, k) != http.StatusNotModified {
		return false
	}
	x.unseen = true
	x.sendNotModified(&k, &Attributes{})
	return true
}

// prepare chooses the first opening. If the metadata can be read without opening
// the file and is enough for an answer, prepare sends it and done is true.
func (x *exchange) prepare() (how opening, done bool, err error) {
	var wanted rangeSet
	if x.r.Method == http.MethodGet {
		wanted, _ = parseRange(x.r.Header["Range"])
	}
	if x.r.Method == http.MethodHead || hasPreconditions(x.r.Header) || len(wanted) > 1 {
		fi, looks, err := x.statUnopened()
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

// statUnopened reads the metadata, if that is possible without opening the file.
func (x *exchange) statUnopened() (fi fs.FileInfo, looks bool, err error) {
	if _, looks = Find[StatFile](x.resp.File); !looks {
		return nil, false, errors.ErrUnsupported
	}
	ctx, end := x.enterStage(Looking)
	fi, err = statUnopened(ctx, x.resp.File)
	end(err)
	return fi, true, err
}

// isDoubtful reports whether err, from reading the metadata, leaves open whether the
// file can be read: some stores refuse HEAD, or answer it wrongly, but allow GET.
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

// judge decides with the metadata of a file that is not open. It sends the answer,
// or returns how to open the file. The file may have changed since, so a 412 or 416
// is decided again with an open handle, except for HEAD.
func (x *exchange) judge(fi fs.FileInfo, err error) (opening, bool, error) {
	if err != nil {
		return opening{}, true, err
	}
	var a Attributes
	if err = a.readRegular(fi); err != nil {
		return opening{}, true, err
	}
	x.looked, x.tag = true, strongTag(a.ETag)
	if refusesRanges(fi) {
		x.ranger = nil
	}
	k := x.facts(&a, x.parts(&a))
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
	return opening{}, true, x.send(body{}, p, &a, &k)
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
	parked := false
	defer func() {
		if !parked {
			x.closeAfter(h)
		}
	}()
	if fi == nil {
		if fi, err = statOf(h); err != nil {
			return opening{}, true, err
		}
	}
	var a Attributes
	if err = a.readRegular(fi); err != nil {
		return opening{}, true, err
	}
	x.tag = strongTag(a.ETag)
	offered := x.parts(&a)
	_, seeks := h.(io.Seeker)
	switch {
	case refusesRanges(fi):
		offered, seeks = noParts, false
	case x.fixed:
		seeks = false
	case seeks && !how.ranged:
		offered = manyParts
	case offered > onePart && how.ranged:
		offered++ // h already has the first one
	}
	k := x.facts(&a, offered)
	if k.soFar > 0 && (how.ranged || !followed(h)) {
		k.soFar = 0
	}
	p := decide(x.r.Method, x.r.Header, k)
	if p.status == http.StatusPartialContent && x.refused && !how.ranged && !seeks {
		k.parts = noParts // the file refuses its ranges
		p = decide(x.r.Method, x.r.Header, k)
	}
	if p.endsWithoutBytes() || x.r.Method == http.MethodHead || how.serves(p, h, k.size) {
		x.compare(&a)
		err := x.send(body{h, how}, p, &a, &k)
		if _, fixed := err.(*seekError); fixed { // the handle may be anywhere now
			x.fixed, x.refused = true, true
			return opening{}, false, nil
		}
		parked = err == errParked
		return opening{}, true, err
	}
	return x.openingFor(p), false, nil
}

// closeAfter closes a file of which something was sent. Its error, or a panic, comes too late to
// change that.
func (a *account) closeAfter(c io.Closer) {
	defer func() { a.logPanic(recover()) }()
	_ = c.Close()
}

// afterRefused returns how to open the file after opening it at the range of how
// failed with err.
func (x *exchange) afterRefused(how opening, err error) (opening, bool, error) {
	x.beyond = errors.Is(err, ErrRange)
	suffix := how.spec.isSuffix()
	x.refused = x.refused || !suffix
	switch {
	case how == firstByte:
		return opening{}, false, nil // the file is empty, or has no ranges
	case !suffix && (!x.beyond || x.looked):
		x.ranger = nil
		return opening{}, false, nil
	}
	ctx, end := x.enterStage(Looking)
	fi, err := Stat(ctx, x.resp.File)
	end(err)
	x.asked += 2 // Stat takes two requests if the store refuses the first
	if err != nil && x.isDoubtful(err) {
		return opening{}, false, nil
	}
	next, done, err := x.judge(fi, err)
	if next.ranged && next.spec.first == how.spec.first { // a valid range was refused: use none
		next = opening{}
	}
	return next, done, err
}

// open opens the file. The metadata is nil if it wasn't read.
func (x *exchange) open(how opening) (h fs.File, fi fs.FileInfo, err error) {
	f := lookedAt(x.resp.File, x.tag)
	ctx, end := x.enterStage(Opening)
	if how.ranged {
		ranger, ok := f.(RangeFile)
		if !ok {
			ranger = x.ranger
		}
		offset, length := how.spec.open()
		h, err = openPart(ctx, ranger, offset, length)
	} else {
		h, fi, err = openAndLook(ctx, f)
	}
	end(err)
	return h, fi, err
}

// openingFor returns the opening for sending p.
func (x *exchange) openingFor(p plan) opening {
	if x.ranger != nil && p.status == http.StatusPartialContent {
		part := p.ranges[0]
		return opening{true, rangeSpec{part.start, part.start + part.length - 1}}
	}
	return opening{}
}

// parts returns how many parts can be sent of a file whose handle can't seek. Each
// part is one request to the store.
func (x *exchange) parts(a *Attributes) parts {
	switch {
	case x.ranger == nil:
		return noParts
	case version(a, x.now()) == "":
		return onePart
	}
	return parts(maxAsked - x.asked)
}

// readRegular is readFrom, with an error if fi is not of a regular file.
func (a *Attributes) readRegular(fi fs.FileInfo) error {
	if err := regular(fi); err != nil {
		return err
	}
	a.readFrom(fi)
	return nil
}

// regular returns an error if fi is not of a regular file.
func regular(fi fs.FileInfo) error {
	const noBytes = fs.ModeDir | fs.ModeNamedPipe | fs.ModeSocket | fs.ModeDevice | fs.ModeCharDevice
	if m := fi.Mode() & noBytes; m != 0 {
		return fmt.Errorf("%q is no regular file (%v): %w", fi.Name(), m, fs.ErrNotExist)
	}
	return nil
}

// version returns the tag that all handles of one answer must have.
func version(a *Attributes, now time.Time) string {
	if tag := strongTag(a.ETag); tag != "" {
		return tag
	}
	tag := NanosecondTag.tag(a.ModTime, a.Size, now)
	if a.ContentEncoding != "" && tag != "" && !strings.ContainsAny(a.ContentEncoding, "\" ,\t") {
		// Several codings of a file may have the same time and size.
		tag = tag[:len(tag)-1] + "-" + a.ContentEncoding + `"`
	}
	return tag
}

// facts returns the facts for a decision, which the client also gets. The view's
// values come before the storage's. If a rule covers the file, the tag has the
// style of the proxy.
func (x *exchange) facts(a *Attributes, offered parts) facts {
	k := facts{size: a.Size, etag: x.resp.ETag, modTime: x.resp.ModTime, parts: offered, soFar: a.SoFar}
	switch {
	case k.etag != "":
	case x.style != NanosecondTag && !saysNothing(a.ModTime): // with such a time, no proxy gets the file
		k.etag = x.style.tag(a.ModTime, a.Size, x.now())
	default:
		k.etag = version(a, x.now())
	}
	if k.modTime.IsZero() {
		k.modTime = a.ModTime
	}
	k.age = x.now().Sub(k.modTime)
	if !UsefulModTime(k.modTime) || k.age < 0 || x.hasSharedDate() {
		k.modTime = time.Time{}
	}
	k.modTime = k.modTime.Truncate(time.Second)
	return k
}

// send sends p with the bytes of b. An error after the header has been sent is a
// *cutOff.
func (x *exchange) send(b body, p plan, a *Attributes, k *facts) error {
	switch p.status {
	case http.StatusNotModified:
		x.sendNotModified(k, a)
		return nil
	case http.StatusPreconditionFailed:
		return &StatusError{Status: p.status, Err: failedPrecondition(x.r.Header, *k)}
	case http.StatusRequestedRangeNotSatisfiable:
		size := strconv.FormatInt(k.size, 10)
		return &StatusError{
			Status: p.status,
			Err:    fmt.Errorf("range %.100q is outside the file of %s bytes", x.r.Header.Get("Range"), size),
			Header: http.Header{"Content-Range": {"bytes */" + size}},
		}
	}
	_, end := x.enterStage(Sending)
	err := x.sendContent(b, p, a, k)
	if unwanted(err) {
		err = nil
	}
	if err == errTail {
		if err = x.park(b, p.length(k.size)-x.outcome.Bytes, end); err == errParked {
			return err
		}
	}
	x.cut, _ = errors.AsType[*cutOff](err)
	end(err)
	return err
}

func (x *exchange) sendNotModified(k *facts, a *Attributes) {
	h := x.w.Header()
	for _, key := range contentFields {
		delete(h, key)
	}
	f := fieldsOf(x.w, new([3]string)[:0])
	f.notModified(x, k, a)
	if x.options.NotModified != nil {
		x.options.NotModified(x.w, x.r)
	}
	x.outcome.Status = http.StatusNotModified
	x.writeHeaderAlone(http.StatusNotModified)
}
