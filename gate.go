package downloadview

import "net/http"

// A Gate is asked before the bytes of a file leave. It can refuse, for example
// because a link was used up, and it learns when the answer is over. It must be safe
// for concurrent use.
type Gate interface {
	// Enter is called once for a request, as late as possible: after preconditions
	// and ranges, when the file is open or is about to be handed over, and before the
	// header is sent. It is not called for HEAD, nor for an answer without bytes of
	// the file, such as 304, 412 or 416.
	//
	// An error is answered as one of the view is; the client gets nothing of the
	// file. Else leave, if it is not nil, is called once, when the answer is over:
	// before the Observer, with the same Outcome, but Duration is not set.
	Enter(r *http.Request, d Delivery) (leave func(Outcome), err error)
}

// A Delivery is an answer with bytes of a file, about to begin.
type Delivery struct {
	// Mode says which side sends the bytes. The end of an answer that another side
	// sends is not known here: leave is called as soon as the header is set.
	Mode Mode

	// Attributes are those of the file. ETag and ModTime are the view's if it has
	// set them.
	Attributes Attributes

	// ToEnd reports whether the answer has the last byte of the file. It is true
	// if another side sends the bytes.
	ToEnd bool
}

// WithGate returns a copy of r that asks the Gate of r first, if there is one, and
// then g. If g refuses or panics, the first one's leave is called with an error.
func (r Response) WithGate(g Gate) Response {
	if r.Gate != nil {
		g = twoGates{r.Gate, g}
	}
	r.Gate = g
	return r
}

type twoGates struct{ first, second Gate }

func (g twoGates) Enter(r *http.Request, d Delivery) (func(Outcome), error) {
	leaveFirst, err := g.first.Enter(r, d)
	if err != nil {
		return nil, err
	}
	if leaveFirst == nil {
		return g.second.Enter(r, d)
	}
	entered := false
	end := Outcome{Mode: d.Mode, AbortedBy: AbortedByServer, Err: errPanicked}
	defer func() {
		if !entered {
			leaveFirst(end)
		}
	}()
	leaveSecond, err := g.second.Enter(r, d)
	if err != nil {
		end = Outcome{Mode: d.Mode, Status: StatusCode(err), Err: err}
		return nil, err
	}
	entered = true
	return func(o Outcome) {
		defer leaveFirst(o) // also if leaveSecond panics
		if leaveSecond != nil {
			leaveSecond(o)
		}
	}, nil
}

// enter asks the gate of the response, if there is one.
func (x *exchange) enter(m Mode, a *Attributes, toEnd bool) error {
	if x.resp.Gate == nil || x.r.Method == http.MethodHead {
		return nil
	}
	d := Delivery{m, *a, toEnd}
	if x.resp.ETag != "" {
		d.Attributes.ETag = x.resp.ETag
	}
	if !x.resp.ModTime.IsZero() {
		d.Attributes.ModTime = x.resp.ModTime
	}
	leave, err := x.resp.Gate.Enter(x.r, d)
	if err != nil {
		return err
	}
	x.leave = leave
	return nil
}

// abandon tells the gate the end of an answer that a panic has ended, such as one of the
// view's Renamer or of a writer's WriteHeader. Any other end it was told.
func (x *exchange) abandon() {
	if leave := x.leave; leave != nil {
		x.leave = nil
		x.outcome.AbortedBy, x.outcome.Err = AbortedByServer, errPanicked
		leave(x.outcome)
	}
}

// toEnd reports whether p sends the last byte of a file.
func (p plan) toEnd(size int64) bool {
	for _, s := range p.ranges {
		if s.start+s.length == size {
			return true
		}
	}
	return len(p.ranges) == 0
}
