package downloadview

import (
	"net/http"
	"strconv"
	"time"
)

// offload hands the file over to a proxy if a rule covers the file and there is no
// [Obstacle]. done means that the request is answered.
func (x *exchange) offload() (done bool, err error) {
	x.limit = x.resp.LimitRate
	if x.resp.Offloader == nil {
		return false, nil
	}
	var src Source
	if s, ok := sourcer(x.resp.File); ok { // SourceOf would copy the source once more
		src, _ = s.Source()
	}
	h, ok := x.resp.Offloader.Offload(x.r, src)
	switch {
	case !ok:
		return x.declined(NoRule)
	case !h.Covers(x.resp.File):
		return x.declined(OtherStore)
	}
	if h.Terms == nil {
		h.Terms = &noTerms
	}
	x.outcome.Rule, x.style = h.Rule, h.Terms.Tag
	x.uncut = h.Terms.CutsStreamed && x.hasOddRange()
	if x.limit <= 0 || h.Terms.LimitRate > 0 && h.Terms.LimitRate < x.limit {
		x.limit = h.Terms.LimitRate
	}
	switch {
	case h.Field == "":
		return x.declined(h.Obstacle)
	case hasControl(h.Value):
		return x.declined(OddName)
	case (h.Terms.CodingField == "" || h.Link != nil) && x.resp.has("Content-Encoding"):
		return x.declined(ContentCoding)
	case x.limit > 0 && h.Terms.RateField == "", x.resp.Pacer != nil:
		return x.declined(UntoldRate)
	case h.Terms.Unfit&HeadRequests != 0 && x.r.Method == http.MethodHead:
		return x.declined(UnfitMethod)
	case !isGetOrHead(x.r.Method) && isConditional(x.r.Header):
		return x.declined(UnfitMethod) // the proxy would answer as to a GET: 206 or 304
	case h.Terms.Unfit != 0 && x.unfit(h.Terms):
		return x.declined(UnfitRange)
	case h.Link != nil && h.Link.Status != 0 && x.r.Method != http.MethodGet:
		return x.declined(UnfitMethod) // the URL is signed for GET
	case h.Terms.Validators != ProxyValidators:
		return x.offloadByOurValidators(&h)
	}
	if x.resp.ETag != "" || !x.resp.ModTime.IsZero() {
		// The client has the view's validator, but the proxy would compare its own.
		k := x.facts(&notLooked, noParts)
		if precondition(x.r.Method, x.r.Header, k) != 0 || isConditional(x.r.Header) {
			return x.declined(OwnValidators)
		}
	}
	a := &notLooked
	if x.resp.CheckFirst || x.resp.StoredFields != 0 || x.resp.Gate != nil {
		found, err := x.look()
		if err != nil {
			return false, x.unlessDoubtful(err)
		}
		a = &found
	}
	if saysNothing(a.ModTime) { // the proxy, or the store, would make validators from it
		return x.declined(UselessTime)
	}
	if x.resp.Gate != nil && decide(x.r.Method, x.r.Header, x.facts(a, manyParts)).endsWithoutBytes() {
		return x.declined(AnsweredHere) // the gate is asked only if bytes follow
	}
	return x.handOver(&h, a, nil)
}

// declined records why the file is not handed over.
func (x *exchange) declined(why Obstacle) (bool, error) {
	x.outcome.Obstacle = why
	return false, nil
}

// offloadByOurValidators is for proxies that pass on the application's validators
// and evaluate preconditions with them. So the validators must be known, and a
// request that they answer without bytes is answered here.
func (x *exchange) offloadByOurValidators(h *Handover) (bool, error) {
	a, err := x.look()
	if err != nil {
		return false, x.unlessDoubtful(err)
	}
	k := x.facts(&a, manyParts)
	ownDate := h.Terms.Validators == OurTag && !x.resp.ModTime.IsZero()
	switch {
	case saysNothing(a.ModTime):
		return x.declined(UselessTime)
	case k.etag == "":
		return x.declined(NoTag)
	case ownDate && isConditional(x.r.Header):
		return x.declined(OwnValidators)
	}
	p := decide(x.r.Method, x.r.Header, k)
	switch {
	case p.endsWithoutBytes():
		return x.declined(AnsweredHere)
	case len(p.ranges) > 1 && h.Terms.Unfit&SeveralRanges != 0:
		return x.declined(UnfitRange)
	}
	return x.handOver(h, &a, &k)
}

// unfit reports whether the ranges of the request are of a kind in t.Unfit. Several
// ranges may become one when the size is known. Where the application's validators
// count, the size is known later, and offloadByOurValidators checks it.
func (x *exchange) unfit(t *Terms) bool {
	if len(x.r.Header["Range"]) == 0 {
		return false
	}
	if t.Unfit&OddRanges != 0 && x.hasOddRange() {
		return true
	}
	if t.Unfit&SeveralRanges == 0 || t.Validators != ProxyValidators {
		return false
	}
	wanted, _ := parseRange(x.r.Header["Range"])
	return len(wanted) > 1
}

// unlessDoubtful returns err, or nil if err leaves open whether the file can be
// read; the file is then streamed.
func (x *exchange) unlessDoubtful(err error) error {
	if x.isDoubtful(err) {
		return nil
	}
	return err
}

func (x *exchange) look() (a Attributes, err error) {
	ctx, end := x.enterStage(Looking)
	fi, err := Stat(ctx, x.resp.File)
	end(err)
	if err == nil {
		err = a.readRegular(fi)
	}
	return a, err
}

// notLooked are the attributes of a file that was not looked at.
var notLooked = Attributes{Size: -1}

// handOver sets the header and writes nothing: a write would make a compressor set
// Content-Encoding for an empty body. k has the validators to send, if it is not nil.
func (x *exchange) handOver(h *Handover, a *Attributes, k *facts) (done bool, err error) {
	if x.options.Tracer != nil {
		_, end := x.enterStage(HandingOver)
		defer func() { end(err) }()
	}
	var d description
	x.resp.describe(a, &d)
	switch {
	case d.shown && !h.Terms.KeepsSafety:
		return x.declined(UnsafeInline)
	case h.Terms.Unfit&CodedRanges != 0 && len(x.r.Header["Range"]) > 0 && (a.ContentEncoding != "" || x.resp.has("Content-Encoding")):
		return x.declined(UnfitRange)
	case h.Terms.Unfit&OddRanges != 0 && len(x.r.Header["Range"]) > 0 && a.Size == 0:
		return x.declined(UnfitRange)
	case a.ContentEncoding != "" && h.Link == nil && (h.Terms.CodingField == "" || hasControl(a.ContentEncoding)):
		return x.declined(ContentCoding)
	}
	var url string
	if h.Link != nil {
		if h.Link.Status == 0 && !h.Link.hides(a.Metadata) {
			return x.declined(HiddenMetadata)
		}
		var until time.Time
		var ok bool
		if url, until, ok = x.sign(h.Link, &d); !ok {
			return x.declined(Unsigned)
		}
		if h.Link.Status != 0 {
			if err := x.enter(Redirected, a, true); err != nil {
				return false, err
			}
			x.redirect(h.Link, url, until)
			return true, nil
		}
	}
	if err := x.enter(Offloaded, a, true); err != nil {
		return false, err
	}
	f := fieldsOf(x.w, new([5]string)[:0])
	several := len(f.header) > 0 || len(x.resp.Header) > 0
	if several {
		delete(f.header, "Content-Encoding") // some compressors set it in advance
	} else {
		f.private = h.Terms.Private // nothing joins them to fields of their own name
	}
	f.common(x, &d, a)
	if several {
		f.drop(rangeFields) // of the view: the proxy sets them
	}
	if a.ContentEncoding != "" && h.Link == nil {
		f.set("Content-Encoding", a.ContentEncoding)
	}
	if as := h.Terms.CodingField; as != "" && as != "Content-Encoding" && (several || a.ContentEncoding != "") {
		f.rename("Content-Encoding", as)
	}
	if k != nil {
		f.validators(k)
	}
	if h.Terms.SilentRanges {
		f.set("Accept-Ranges", "bytes")
	}
	if x.limit > 0 {
		f.set(h.Terms.RateField, formatInt(x.limit))
	}
	if several {
		f.joinLists()
		for _, p := range h.Terms.Private {
			f.rename(p.Name, p.As)
		}
	}
	f.private = nil
	f.set(h.Field, h.Value)
	if h.Link != nil {
		f.set(h.Link.Field, url)
		if h.Link.KeyField != "" {
			if key := x.cacheKey(a); key != "" {
				f.set(h.Link.KeyField, key)
			}
		}
	}
	x.outcome.Mode, x.outcome.Status = Offloaded, http.StatusOK
	return true, nil
}

func isConditional(h http.Header) bool {
	return hasPreconditions(h) || len(h["If-Range"]) > 0 || len(h["Range"]) > 0
}

// redirect sends the client to a signed URL. The answer is private, and caches may
// keep it for at most half of the time for which the URL is valid, and no longer than
// the view's policy says.
func (x *exchange) redirect(l *Link, url string, until time.Time) {
	good := l.Expiry
	if !until.IsZero() {
		good = min(good, max(time.Until(until).Round(time.Second), 0))
	}
	age := maxAge(x.resp.CacheControl, int64(good/(2*time.Second)))
	f := fieldsOf(x.w, new([3]string)[:0])
	f.drop(contentFields)
	f.add(x.resp.Header, describesNoFile)
	f.set(l.Field, url)
	if own := x.resp.CacheControl; own != "" {
		f.header["Cache-Control"] = union(f.header["Cache-Control"], []string{own})
	}
	f.cache("private, max-age=" + formatInt(age))
	f.set("Content-Length", "0")
	x.outcome.Mode, x.outcome.Status = Redirected, l.Status
	x.w.WriteHeader(l.Status)
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
