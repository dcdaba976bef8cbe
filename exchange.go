package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"
)

// An exchange is the state of answering one request.
type exchange struct {
	account
	w    http.ResponseWriter
	resp Response

	style   TagStyle
	ranger  RangeFile      // the file, if it can be opened at a range
	tag     string         // strong tag of the metadata that was read last, or ""
	asked   int            // requests to the store so far
	beyond  bool           // the file refused a range with ErrRange
	refused bool           // the file refused a range other than its last bytes
	fixed   bool           // the Seek of its handle fails
	looked  bool           // the metadata was read without opening the file
	unseen  bool           // the answer is made without reading the metadata
	uncut   bool           // a whole answer has Accept-Ranges: none, so that the proxy takes no ranges out
	limit   int64          // bytes per second; 0: none
	moving  *movingWriter  // nil: the server has no WriteTimeout, or watched isn't nil
	watched *watchedStream // in its place for a stream of HTTP/2

	cut *cutOff // the end of a body that isn't complete, until the client is made to see it

	returns bool      // the handler may return before the answer is over
	tail    *tail     // nil: it isn't parked
	apart   *detached // the context if it doesn't end with the handler; else nil
}

// An account is what is needed to tell how an exchange ended.
type account struct {
	r       *http.Request
	options *Options
	started time.Time // see now
	outcome Outcome
	leave   func(Outcome) // of the gate, or nil
	over    func(error)   // of the Tracer, or nil
}

// noOptions stands for nil *Options.
var noOptions Options

// begin makes x the exchange of r. An exchange is large; returning it would copy it.
func (x *exchange) begin(w http.ResponseWriter, r *http.Request, o *Options) {
	if o == nil {
		o = &noOptions
	}
	x.w, x.r, x.options = w, r, o
	if h := w.Header(); len(h) > 0 {
		rekey(h)
	}
	if o.Observer != nil {
		x.now()
	}
	if o.Tracer != nil {
		x.trace()
	}
}

// now returns the time of its first call, so that one request sees only one time.
func (x *exchange) now() time.Time {
	if x.started.IsZero() {
		x.started = time.Now()
	}
	return x.started
}

func (x *exchange) answer(v View) {
	if limit := writeTimeout(x.r); limit > 0 {
		x.move(limit)
		defer x.endMoved() // also after a panic of the view
	}
	if err := x.respond(v); err != nil {
		x.refuse(err)
		x.moveOn()
		return
	}
	x.carryOut()
}

// carryOut answers with x.resp: by the proxy if a rule covers the file, else by
// streaming.
func (x *exchange) carryOut() {
	defer x.close()
	err := x.check()
	if err == nil {
		var done bool
		if done, err = x.offload(); !done && err == nil {
			err = x.stream()
		}
	}
	if err == errParked {
		return
	}
	defer x.apart.release()
	if err == nil {
		x.finish()
		x.moveOn()
		return
	}
	cut, ok := errors.AsType[*cutOff](err)
	switch {
	case ok:
		x.cutShort(cut)
	case errors.Is(err, http.ErrAbortHandler): // from the code that makes the content
		x.cutShort(&cutOff{AbortedByOrigin, err})
	default:
		x.refuse(err)
		x.moveOn()
	}
}

// close ends what goes on beside an answer. It is called however the answer ends.
func (x *exchange) close() {
	if x.watched != nil {
		x.endMoved()
	}
	if x.cut == nil {
		x.abandon()
		return
	}
	x.cutAfter(recover())
}

// cutAfter is cutShort after a panic, such as one of the Tracer.
func (x *exchange) cutAfter(panicked any) {
	defer x.cutShort(x.cut)
	x.logPanic(panicked)
}

func (x *exchange) check() error {
	if x.resp.File == nil {
		return fmt.Errorf("the view's Response has no File: %w", fs.ErrNotExist)
	}
	if f, ok := nothingIn(x.resp.File); ok {
		return fmt.Errorf("the File of the view's Response is a nil %T", f)
	}
	if tag := x.resp.ETag; tag != "" && !isStrong(tag) {
		return fmt.Errorf(`entity tag %s of the view is not a strong one in quotes, such as "v1"`, tag)
	}
	if t := x.resp.ContentType; t != "" && !isMediaType(t) {
		return fmt.Errorf("content type %q of the view is no media type, such as %q", t, "application/pdf")
	}
	if c := x.resp.CacheControl; hasControl(c) {
		return fmt.Errorf("cache control %q of the view has a control character in it", c)
	}
	return nil
}

// refuse answers with the status of err. Nothing has been written yet.
func (x *exchange) refuse(err error) {
	status := StatusCode(err)
	x.outcome.Err = err
	h := x.w.Header()
	for _, key := range contentFields {
		delete(h, key)
	}
	withHeader, ok := errors.AsType[*StatusError](err)
	if ok {
		f := fields{header: h}
		f.add(withHeader.Header, nil)
		err = withHeader.misused(err)
		x.outcome.Err = err
	}
	switch x.ended() {
	case AbortedByClient:
		x.outcome.AbortedBy = AbortedByClient
	case AbortedByShutdown:
		x.outcome.AbortedBy, status = AbortedByShutdown, http.StatusServiceUnavailable
		x.log(levelOf(AbortedByShutdown), status, err)
	default:
		level := slog.LevelDebug
		if status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		x.log(level, status, err)
	}
	if ok && withHeader.Status != status {
		delete(h, "Location")
	}
	if !ok && status == http.StatusServiceUnavailable && lacksDescriptors(err) {
		h["Retry-After"] = []string{"5"}
	}
	x.outcome.Status = status
	w := &answerRecorder{ResponseWriter: x.w, status: http.StatusOK}
	if x.options.Error != nil {
		x.options.Error(w, x.r, status, err)
	} else {
		WriteError(w, x.r, status)
	}
	x.outcome.Status, x.outcome.Bytes = w.status, w.bytes
	x.finish()
}

// WriteError answers with the text of status, as a handler without
// [Options.Error] does. Hooks may call it for the errors that they don't answer
// themselves.
func WriteError(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		writeString(w, http.StatusText(status)+"\n") // fails only if the client is gone
	}
}

func (a *account) log(level slog.Level, status int, err error) {
	line := []slog.Attr{
		slog.String("method", a.r.Method), slog.String("path", a.r.URL.Path),
		slog.Int("status", status), slog.Any("error", err),
	}
	if by := a.outcome.AbortedBy; by != NotAborted {
		line = append(line, slog.String("aborted_by", by.String()))
	}
	a.logger().LogAttrs(a.r.Context(), level, "download failed", line...)
}

func (a *account) logger() *slog.Logger {
	if l := a.options.Logger; l != nil {
		return l
	}
	return slog.Default()
}

// cutShort breaks off an answer whose header has been sent, also if one of those that it
// tells panics: a recoverer would let the server end the body normally.
func (x *exchange) cutShort(cut *cutOff) {
	x.cut = nil
	defer abort(x.w, x.r)
	defer func() { x.logPanic(recover()) }()
	x.finishCut(cut, x.endedBefore(cut))
}

// logPanic logs a panic at the end of an answer, as net/http does for one of a handler.
func (a *account) logPanic(v any) {
	if v != nil && v != http.ErrAbortHandler {
		a.logger().Error("panic at the end of a download", "path", a.r.URL.Path, "error", panicked(v))
	}
}

// finishCut reports an answer that is about to be broken off. party is the side that ended
// the request's context.
func (a *account) finishCut(cut *cutOff, party AbortedBy) {
	party = cut.party(party)
	a.outcome.AbortedBy, a.outcome.Err = party, cut.err
	if party != AbortedByClient && !errors.Is(cut.err, http.ErrAbortHandler) {
		a.log(levelOf(party), a.outcome.Status, cut.err)
	}
	a.finish()
}

// levelOf returns the log level for a download that p cut short.
func levelOf(p AbortedBy) slog.Level {
	if p == AbortedByStall || p == AbortedByShutdown {
		return slog.LevelInfo
	}
	return slog.LevelError
}

// finish tells the Gate, the Observer and the Tracer that the answer is over: each of them,
// also if one before it panics.
func (a *account) finish() {
	if a.leave == nil && a.options.Observer == nil && a.over == nil {
		return // there is nobody, and deferred calls take 10 ns
	}
	defer a.observe()
	if leave := a.leave; leave != nil {
		a.leave = nil
		leave(a.outcome)
	}
}

func (a *account) observe() {
	defer a.traced(a.outcome.Err)
	if a.options.Observer != nil {
		a.outcome.Duration = time.Since(a.started)
		a.options.Observer(a.r, a.outcome)
	}
}

// An answerRecorder records the status and the length of an error hook's answer.
type answerRecorder struct {
	http.ResponseWriter
	status int // 200 if the hook sets none
	bytes  int64
	begun  bool
}

func (w *answerRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answerRecorder) WriteHeader(status int) {
	if status >= http.StatusOK && !w.begun {
		w.status, w.begun = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerRecorder) Write(p []byte) (int, error) {
	w.begun = true
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}
