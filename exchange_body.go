package downloadview

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

// A body is an open file from which an answer is sent.
type body struct {
	handle fs.File
	how    opening
}

// part returns a reader of s, the index-th part of an answer, and a closer for it or
// nil. If part opens the file again, it must be the version of the first handle,
// which has the tag want.
func (x *exchange) part(b body, index int, s span, want string) (io.Reader, io.Closer, error) {
	switch {
	case !b.how.ranged:
		return b.handle, nil, seekTo(b.handle, s.start)
	case index == 0:
		return b.handle, nil, nil
	}
	pinned, ok := Find[RangeFile](Pin(x.resp.File, want))
	if !ok {
		pinned = x.ranger
	}
	ctx, end := x.enterStage(Opening)
	h, err := openPart(ctx, pinned, s.start, s.length)
	end(err)
	if err != nil {
		return nil, nil, err
	}
	fi, err := statOf(h)
	if err == nil {
		now := AttributesOf(fi)
		if got := version(&now, x.now()); got != want {
			err = fmt.Errorf("entity tag %s became %s while the file was being sent: %w", want, got, ErrChanged)
		}
	}
	if err != nil {
		h.Close()
		return nil, nil, err
	}
	return h, h, nil
}

// smallFile is the size in bytes up to which the content is read before the header
// is sent: both fit into one packet, and an error of reading still gets its status.
const smallFile = 2 << 10

var smallBuffers = sync.Pool{New: func() any { return new([smallFile]byte) }}

func (x *exchange) sendContent(b body, p plan, a *Attributes, k *facts) error {
	if len(p.ranges) > 0 && !p.grows {
		if _, _, err := x.part(b, 0, p.ranges[0], ""); err != nil {
			return err
		}
	}
	if len(p.ranges) > 1 {
		if err := x.enter(Streamed, a, p.toEnd(k.size)); err != nil {
			return err
		}
		return x.sendParts(b, p.ranges, a, k)
	}
	if p.grows {
		return x.sendGrowing(b, p, a, k)
	}
	part := span{0, k.size}
	if len(p.ranges) == 1 {
		part = p.ranges[0]
	}
	empty := part.length == 0 || x.r.Method == http.MethodHead
	if src, ok := writerTo(b.handle); ok && (len(p.ranges) == 0 || b.how.ranged) && !empty {
		digest, err := x.contentDigest(b, p, part, nil, a)
		if err != nil {
			return err
		}
		if err := x.enter(Streamed, a, p.toEnd(k.size)); err != nil {
			return err
		}
		return x.sendByItself(src, p.status, part, a, k, digest)
	}
	var small []byte
	if !empty && part.length > 0 && part.length <= smallFile {
		buf := smallBuffers.Get().(*[smallFile]byte)
		defer smallBuffers.Put(buf)
		small = buf[:part.length]
		if err := readSmall(b.handle, small); err != nil {
			return err
		}
	}
	digest, err := x.contentDigest(b, p, part, small, a)
	if err != nil {
		return err
	}
	if err := x.enter(Streamed, a, p.toEnd(k.size)); err != nil {
		return err
	}
	out := x.w
	end := x.describePart(p.status, part, digest, a, k)
	if end != nil {
		out = end
	}
	x.outcome.Status = p.status
	if empty {
		x.writeHeaderAlone(p.status)
		return nil
	}
	x.w.WriteHeader(p.status)
	if small != nil {
		n, err := writeTo(x.w, small)
		x.outcome.Bytes = int64(n)
		if err != nil {
			return &cutOff{AbortedByClient, err}
		}
		return nil
	}
	t := x.mayPark(b.handle, part.length)
	_, byKernel := out.(io.ReaderFrom)
	var held *stallConn
	switch byKernel = byKernel && part.length > 0 && isKernelFile(b.handle); {
	case byKernel:
		held = x.holdHeader()
	case t != nil:
		t.count(x.w, !x.isPaced())
	}
	if t != nil {
		t.begin(b.handle, part.length)
	}
	n, err := copyBody(out, b.handle, part.length, t)
	x.outcome.Bytes = n
	if err != errTail {
		t.end()
	}
	if err != nil && !unwanted(err) {
		return err
	}
	held.release()
	if end != nil {
		end.end()
	}
	return nil
}

// lacksRanges reports whether the request asks for a range of a file that has none. The
// answer then says so, or lighttpd would take the range out of it.
func (x *exchange) lacksRanges(k *facts) bool {
	return len(x.r.Header["Range"]) > 0 && x.r.Method == http.MethodGet && !k.offersRanges()
}

// describePart sets the header of an answer with one part of the file, or with all of it.
// If digests follow the body, it returns the writer that computes them; else nil.
func (x *exchange) describePart(status int, part span, digest string, a *Attributes, k *facts) *digestTrailer {
	f := fieldsOf(x.w, new([9]string)[:0])
	var d description
	x.resp.describe(a, &d)
	f.common(x, &d, a)
	f.content(a, k)
	f.length(part.length)
	if status == http.StatusOK && (x.uncut || x.lacksRanges(k)) {
		f.set("Accept-Ranges", "none")
	}
	if status == http.StatusPartialContent {
		f.ofPart()
		f.set("Content-Range", part.contentRange(k.size))
	}
	if digest != "" {
		f.set("Content-Digest", digest)
	}
	if part.length >= 0 {
		return nil
	}
	return x.trailer(&f, "Content-Digest", "Repr-Digest")
}

func readSmall(src io.Reader, small []byte) error {
	n, err := readAtLeast(src, small, len(small))
	if err == io.EOF || err == io.ErrUnexpectedEOF { // of ReadAtLeast; wrapped ones are the storage's
		err = shortBy(int64(len(small) - n))
	}
	return err
}

// sendByItself lets src write the whole body, which is part of the file. The header is
// sent with the first byte, so that an error before it still gets its status.
func (x *exchange) sendByItself(src io.WriterTo, status int, part span, a *Attributes, k *facts, digest string) error {
	before := maps.Clone(x.w.Header())
	end := x.describePart(status, part, digest, a, k)
	w := bodyWriter{w: x.w, status: status, size: part.length, least: part.length, mayEnd: x.mayPark(nil, part.length), hold: !x.isPaced()}
	if end != nil {
		w.w = end
	}
	err := w.take(src)
	x.outcome.Bytes = w.sent
	if err != nil && !w.begun {
		h := x.w.Header()
		clear(h)
		maps.Copy(h, before)
		return err.err
	}
	x.outcome.Status = status
	if err != nil && err.err == errTail && err.by == NotAborted {
		return errTail
	}
	w.tail.end()
	if err != nil { // a nil *cutOff is no nil error
		return err
	}
	if end != nil {
		end.end()
	}
	return nil
}

// readAtLeast is [io.ReadAtLeast] with an error for a panic and for a broken reader.
func readAtLeast(src io.Reader, p []byte, least int) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	return io.ReadAtLeast(checkedReader{src}, p, least)
}

// contentRange returns the Content-Range of s in a file of size bytes; -1: not known.
func (s span) contentRange(size int64) string {
	b := make([]byte, 0, 64)
	b = append(b, "bytes "...)
	b = strconv.AppendInt(b, s.start, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, s.start+s.length-1, 10)
	b = append(b, '/')
	if size < 0 {
		return string(append(b, '*'))
	}
	return string(strconv.AppendInt(b, size, 10))
}

// sendParts sends several ranges as multipart/byteranges (RFC 9110, 14.6). As with
// nginx and Apache, an empty line comes before the first boundary, too. It is an
// empty preamble (RFC 2046, 5.1.1); without it, zsync 0.6.2 requests the same
// ranges again and again.
func (x *exchange) sendParts(b body, parts []span, a *Attributes, k *facts) error {
	var d description
	x.resp.describe(a, &d)
	boundary := rand.Text()
	head := func(i int) []byte {
		var h bytes.Buffer
		fmt.Fprintf(&h, "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
			boundary, d.contentType, parts[i].contentRange(k.size))
		return h.Bytes()
	}
	tail := "\r\n--" + boundary + "--\r\n"
	length := int64(len(tail))
	for i, part := range parts {
		length += int64(len(head(i))) + part.length
	}

	f := fieldsOf(x.w, new([9]string)[:0])
	f.common(x, &d, a)
	f.content(a, k)
	f.ofPart()
	f.length(length)
	f.set("Content-Type", "multipart/byteranges; boundary="+boundary)
	x.outcome.Status = http.StatusPartialContent
	x.w.WriteHeader(http.StatusPartialContent)

	want := version(a, x.now())
	for i, part := range parts {
		if err := x.write(head(i)); err != nil {
			return err
		}
		if err := x.sendPart(b, i, part, want); err != nil {
			return err
		}
	}
	return x.write([]byte(tail))
}

func (x *exchange) sendPart(b body, i int, part span, want string) (err error) {
	defer func() { // copyBody has its own
		if v := recover(); v != nil {
			err = &cutOff{AbortedByOrigin, panicked(v)}
		}
	}()
	r, c, err := x.part(b, i, part, want)
	if err != nil {
		return &cutOff{AbortedByOrigin, err}
	}
	if c != nil {
		defer x.closeAfter(c)
	}
	n, err := copyBody(x.w, r, part.length, nil)
	x.outcome.Bytes += n
	return err
}

func (x *exchange) write(p []byte) error {
	n, err := writeTo(x.w, p)
	x.outcome.Bytes += int64(n)
	if err != nil {
		return &cutOff{AbortedByClient, err}
	}
	return nil
}
