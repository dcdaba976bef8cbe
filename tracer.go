package downloadview

import (
	"context"
	"errors"
)

// A Tracer learns when the stages of a request begin and end. The [Observer] has
// the outcome of the request; a Tracer has its times, and the context in which a
// stage runs. So it can connect requests to a store with the download that they are
// for. Package observe/otel has a Tracer that makes spans. Several goroutines use a
// Tracer.
//
// It is one method that returns the end of what it began, so a stage can't be ended
// twice or mistaken for another one, and the context can be used for nothing else.
// Without a Tracer, a request costs a comparison with nil for each stage.
type Tracer interface {
	// Start is called when a stage begins. The stage runs with the context that it
	// returns, which must be ctx or derived from it. Files may use this context after
	// the stage, until they are closed, so it must not end with the stage.
	//
	// The function that it returns is called once, when the stage is over, with its
	// error or nil. That of [Answering] is called after the Observer. If the view, or
	// other code of the application, panics, that of the stage isn't called, but that of
	// Answering is. It must not be nil.
	//
	// The stages of a request begin and end one after the other, and each ends before
	// the one in which it began. They do so in one goroutine; but if the download is
	// parked (see [Parking]), its last stages end in another one.
	Start(ctx context.Context, s Stage) (context.Context, func(error))
}

// A Stage is a part of the work on a request.
type Stage int

const (
	Answering   Stage = iota // the whole request; all other stages are in it
	Responding               // the view and its middleware decide
	Looking                  // the metadata of the file is read, apart from an Opening
	Opening                  // the file is opened, whole or at a range
	Sending                  // this process sends the answer, with the bytes of the file
	HandingOver              // a proxy is told to send the file, or a client where it is
)

// String returns "answer", "respond", "look", "open", "send" or "hand over".
func (s Stage) String() string {
	switch s {
	case Answering:
		return "answer"
	case Responding:
		return "respond"
	case Looking:
		return "look"
	case Opening:
		return "open"
	case Sending:
		return "send"
	case HandingOver:
		return "hand over"
	}
	return "stage"
}

// errPanicked is the error of a request whose view panicked.
var errPanicked = errors.New("a panic ended the request")

// trace begins [Answering], if there is a Tracer.
func (x *exchange) trace() {
	ctx, over := x.options.Tracer.Start(x.r.Context(), Answering)
	x.r, x.over = x.r.WithContext(ctx), over
}

// traced ends [Answering], unless it has ended.
func (a *account) traced(err error) {
	if over := a.over; over != nil {
		a.over = nil
		over(err)
	}
}

// enterStage begins a stage. Its end must be called.
func (x *exchange) enterStage(s Stage) (ctx context.Context, end func(error)) {
	if t := x.options.Tracer; t != nil {
		return t.Start(x.r.Context(), s)
	}
	return x.r.Context(), func(error) {}
}

// respond asks the view, as a stage.
func (x *exchange) respond(v View) (err error) {
	r, end := x.r, func(error) {}
	if x.options.Tracer != nil {
		var ctx context.Context
		ctx, end = x.enterStage(Responding)
		r = x.r.WithContext(ctx)
	}
	if f, ok := v.(ViewFunc); ok { // its method would copy the Response once more
		x.resp, err = f(r)
	} else {
		x.resp, err = v.Respond(r)
	}
	end(err)
	return err
}
