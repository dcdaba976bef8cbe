package downloadview

import "context"

// A detached context ends with the request's context until the answer is parked, and
// then only by cancel: net/http ends that of the request when its handler returns.
type detached struct {
	context.Context
	request context.Context
	cancel  context.CancelCauseFunc
	stop    func() bool // ends following the request's context; false: that has ended
}

// detach gives the request of x a detached context.
func (x *exchange) detach() {
	d := &detached{request: x.r.Context()}
	d.Context, d.cancel = context.WithCancelCause(context.WithoutCancel(d.request))
	x.apart, x.r = d, x.r.WithContext(d)
}

// follow makes d end with the request's context.
func (d *detached) follow() {
	request, cancel := d.request, d.cancel
	d.stop = context.AfterFunc(request, func() { cancel(context.Cause(request)) })
}

// leave makes d independent of the request's context, and reports whether neither has
// ended.
func (d *detached) leave() bool {
	if d.stop != nil && !d.stop() {
		return false
	}
	d.stop = nil
	return d.request.Err() == nil && d.Err() == nil
}

// release ends d.
func (d *detached) release() {
	if d == nil {
		return
	}
	if d.stop != nil {
		d.stop()
	}
	d.cancel(nil)
}
