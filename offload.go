package downloadview

import "net/http"

// An Offloader decides at the very end, when every [Middleware] has had its
// say, whether a proxy sends the bytes of src instead of this process. It does
// no I/O, and several goroutines use it.
type Offloader interface {
	// Offload returns how to hand src over, and whether a rule covers it. A
	// Handover without a Field means that a rule covers src but the file must
	// be streamed all the same; it gets the tag that the proxy would give.
	Offload(r *http.Request, src Source) (Handover, bool)
}

// A Handover tells a proxy to send a file.
type Handover struct {
	Rule  string // name of the rule, for logs and metrics
	Field string // canonical name of the header field; "": stream
	Value string // its value, encoded for the proxy; with a control character in it the file is streamed

	// Tag is the kind of entity tag that the proxy gives a local file.
	Tag TagStyle

	// Validators says whose entity tag and date decide on the preconditions of
	// a request that has been handed over.
	Validators Validators

	// KeepsSafety says that the proxy sends the application's
	// X-Content-Type-Options and Content-Security-Policy on. Where it doesn't,
	// inline downloads are streamed.
	KeepsSafety bool
}

// Validators says whose entity tag and date decide.
type Validators int

const (
	// ProxyValidators: the proxy judges by those it computes from the file, and
	// drops the application's.
	ProxyValidators Validators = iota
	// OurValidators: the proxy judges by those the application sends.
	OurValidators
)

// Stream is an [Offloader] that never hands over. A view sets it to opt out.
var Stream Offloader = streamer{}

type streamer struct{}

func (streamer) Offload(*http.Request, Source) (Handover, bool) { return Handover{}, false }

// offload hands the file over to a proxy where a rule says so and nothing
// speaks against it; done means that the request is answered.
func (x *exchange) offload() (done bool, err error) {
	if x.resp.Offloader == nil {
		return false, nil
	}
	src, ok := SourceOf(x.resp.File)
	if !ok {
		return false, nil
	}
	h, ok := x.resp.Offloader.Offload(x.r, src)
	if !ok {
		return false, nil
	}
	x.outcome.Rule, x.style = h.Rule, h.Tag
	if h.Field == "" || hasControl(h.Value) || len(x.resp.Header["Content-Encoding"]) > 0 {
		return false, nil
	}
	if h.Validators == OurValidators {
		return x.offloadByOurValidators(h)
	}
	if x.resp.ETag != "" || !x.resp.ModTime.IsZero() {
		// The proxy would judge by another validator than the client was given.
		k := x.facts(Attributes{Size: -1}, noParts)
		if precondition(x.r.Method, x.r.Header, k) != 0 || isConditional(x.r.Header) {
			return false, nil
		}
	}
	a := Attributes{Size: -1}
	if x.resp.Look {
		if a, err = x.look(); err != nil {
			return false, err
		}
	}
	return x.handOver(h, a, facts{})
}

// offloadByOurValidators is for proxies that send the application's validators
// on and judge by them: they must be known, and what they refuse is refused here.
func (x *exchange) offloadByOurValidators(h Handover) (bool, error) {
	a, err := x.look()
	if err != nil {
		return false, err
	}
	k := x.facts(a, noParts)
	if k.etag == "" || precondition(x.r.Method, x.r.Header, k) != 0 {
		return false, nil
	}
	return x.handOver(h, a, k)
}

func (x *exchange) look() (Attributes, error) {
	fi, err := Stat(x.r.Context(), x.resp.File)
	if err != nil {
		return Attributes{}, err
	}
	return attributes(fi)
}

// handOver sets headers and writes nothing: a compressing writer would label
// what it believes to be an empty body.
func (x *exchange) handOver(h Handover, a Attributes, k facts) (bool, error) {
	d := x.resp.describe(a)
	if d.shown && !h.KeepsSafety || a.ContentEncoding != "" {
		return false, nil
	}
	f := fieldsOf(x.w, 5)
	delete(f.header, "Content-Encoding") // some compressors set it before they know the answer
	f.common(&x.resp, d)
	f.validators(k)
	f.set(h.Field, h.Value)
	x.outcome.Mode, x.outcome.Status = Offloaded, http.StatusOK
	return true, nil
}

func isConditional(h http.Header) bool {
	return hasPreconditions(h) || len(h["If-Range"]) > 0 || len(h["Range"]) > 0
}
