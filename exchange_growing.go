package downloadview

import (
	"io"
	"io/fs"
	"math"
	"net/http"
)

const (
	// veryLarge is the least last position that means "and all that comes". RFC 8673
	// names no number; its examples ask for up to 999999999999.
	veryLarge = 1 << 39

	// recommendedLast is the last position that RFC 8673 recommends to clients.
	recommendedLast = 1<<53 - 1
)

// duringGrowth decides on the range of a request for content of unknown size, of which
// f.soFar bytes are there (RFC 8673). It is sent only if the client says that it takes a
// part whose end nobody knows, by a very large last position. An open-ended GET counts as
// well if the client couldn't use the whole: it has some bytes, and sends no If-Range.
// HEAD tells what is there.
//
// A range that is there already is not sent: its Content-Range would have no complete
// length, and caches that fetch in slices fail then (nginx: "no complete length in slice
// response"). They pass on the whole.
func duringGrowth(method string, h http.Header, f facts) plan {
	whole := plan{status: http.StatusOK}
	lines := h["Range"]
	set, ok := parseRange(lines)
	if !ok || len(set) != 1 || !set.isPlain(lines[0]) || !ifRange(h["If-Range"], f) {
		return whole
	}
	s := set[0]
	open := s.last == math.MaxInt64
	switch {
	case s.isSuffix(), s.first > f.soFar, s.last < max(veryLarge, 2*f.soFar):
		return whole
	case method == http.MethodHead && s.first == f.soFar:
		return whole
	case method == http.MethodHead:
		s.last = f.soFar - 1
	case open && (s.first == 0 || len(h["If-Range"]) > 0):
		return whole
	case open:
		s.last = recommendedLast
	}
	return plan{http.StatusPartialContent, []span{{s.first, s.last - s.first + 1}}, true}
}

// followed reports whether the rest of growing content can be sent from the handle h.
func followed(h fs.File) bool {
	_, seeks := h.(io.Seeker)
	_, writes := h.(io.WriterTo)
	return seeks && writes
}

// sendGrowing sends a part of content of unknown size, which ends where the content
// does. The part may begin where the content ends so far; then sendGrowing waits for its
// first byte. If none comes, the size is known at last, and decides.
func (x *exchange) sendGrowing(b body, p plan, a *Attributes, k *facts) error {
	part := p.ranges[0]
	var rest remainder
	if x.r.Method != http.MethodHead {
		if _, err := b.handle.(io.Seeker).Seek(part.start, io.SeekStart); err != nil {
			return err
		}
		buf := smallBuffers.Get().(*[smallFile]byte)
		defer smallBuffers.Put(buf)
		n, err := readAtLeast(b.handle, buf[:], 1)
		switch {
		case err == io.EOF:
			return x.sendEnded(b)
		case err != nil:
			return err
		}
		rest = remainder{buf[:n], n == len(buf), b.handle.(io.WriterTo)}
		if err := x.enter(Streamed, a, true); err != nil {
			return err
		}
	}
	f := fieldsOf(x.w, new([9]string)[:0])
	var d description
	x.resp.describe(a, &d)
	f.common(x, &d, a)
	f.content(a, k)
	f.ofPart()
	f.set("Content-Range", part.contentRange(k.size))
	x.outcome.Status = p.status
	if x.r.Method == http.MethodHead {
		x.writeHeaderAlone(p.status)
		return nil
	}
	w := bodyWriter{w: x.w, status: p.status, size: part.length, least: 1}
	end := x.trailer(&f, "Content-Digest")
	if end != nil {
		w.w = end
	}
	err := w.take(rest)
	x.outcome.Bytes = w.sent
	if err != nil { // a nil *cutOff is no nil error
		return err
	}
	if end != nil {
		end.end()
	}
	return nil
}

// sendEnded answers with the handle of content that grows no more.
func (x *exchange) sendEnded(b body) error {
	fi, err := statOf(b.handle)
	if err != nil {
		return err
	}
	var a Attributes
	if err = a.readRegular(fi); err != nil {
		return err
	}
	a.SoFar = 0
	if _, err := b.handle.(io.Seeker).Seek(0, io.SeekStart); err != nil {
		return err
	}
	k := x.facts(&a, manyParts)
	return x.send(b, decide(x.r.Method, x.r.Header, k), &a, &k)
}

// A remainder is a piece that was read, and what src has after it.
type remainder struct {
	piece []byte
	more  bool // there is probably more now
	src   io.WriterTo
}

func (r remainder) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(r.piece)
	if err != nil {
		return int64(n), err
	}
	if f, ok := w.(http.Flusher); ok && !r.more {
		f.Flush()
	}
	rest, err := r.src.WriteTo(w)
	return int64(n) + rest, err
}
