package downloadview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

var (
	// errParked means that another goroutine sends the rest, and ends the exchange.
	errParked = errors.New("the answer is parked")
	// errNoRoom means that the socket of a parked answer takes nothing now.
	errNoRoom = errors.New("the socket takes no more")
)

// A parkedAnswer is what is left of an answer whose handler has returned.
type parkedAnswer struct {
	conn net.Conn   // as the server had it; Parking.mu guards it until it is set
	to   *stallConn // below conn
	src  io.Reader
	left int64
	pace *pacedWriter // nil: no rate
	due  int64        // bytes that may be sent now at this rate

	account
	apart *detached
	file  fs.File
	stage func(error) // ends Sending

	parking *Parking
	mu      sync.Mutex
	done    bool
	hooks   []func() // of AfterAnswer
}

// park lets another goroutine send the last left bytes of the answer, and returns
// errParked. If that isn't possible, it sends them. end ends the stage.
func (x *exchange) park(b body, left int64, end func(error)) error {
	t := x.tail
	src := t.src
	t.src = nil
	w, pace := unpaced(x.w)
	if pace != nil {
		pace.tail = nil
	}
	control := http.NewResponseController(w)
	// If the numbers differ, some writer changes the bytes. What the kernel sends, none has seen.
	same := !t.counted || control.Flush() == nil && t.conn.total-t.base == x.outcome.Bytes
	if same && t.conn.entered().parking != nil && x.leaveRequest() {
		a := &parkedAnswer{parking: t.parking, to: t.conn, src: src, left: left, account: x.account, apart: x.apart, file: b.handle, stage: end}
		if pace != nil {
			a.pace = &pacedWriter{ctx: a.r.Context(), rate: pace.rate, next: pace.next, pacer: pace.pacer}
		}
		if t.parking.take(a, control.Hijack) {
			a.to.answer.Store(a)
			a.to.tail, a.to.holder = nil, nil
			x.over, x.leave = nil, nil
			a.start()
			return errParked
		}
		x.apart.follow()
	}
	n, err := copyBody(x.w, src, left, nil)
	x.outcome.Bytes += n
	return err
}

// start sends the rest in another goroutine.
func (a *parkedAnswer) start() {
	a.to.writing.Add(1) // until the last byte: if it is closed before, the client has to know
	a.to.seen = progress{waiting: -1}
	if a.pace == nil && a.prepare(a.kernelFile(), min(a.left, largePiece)) == nil {
		go a.wait() // the client is slow
		return
	}
	go a.run(a.send)
}

// prepare says what is done next with the socket, within the time of a look.
func (a *parkedAnswer) prepare(file *os.File, n int64) error {
	a.to.renew(a.to.limit / looks)
	return a.to.prepare(file, n)
}

// run calls send, and ends the exchange if that has sent the rest. If the client has to
// take bytes before, another goroutine waits for that: a stack that has grown by sending
// doesn't shrink to the size of a new one.
func (a *parkedAnswer) run(send func() error) {
	err := errPanicked // or the goroutine was ended
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
		if err != errNoRoom {
			a.to.writing.Add(-1)
			a.end(err)
		}
	}()
	if err = send(); err == errNoRoom {
		go a.wait()
	}
}

// wait waits until the client takes bytes, and goes on.
func (a *parkedAnswer) wait() {
	begun := time.Now()
	got, err := a.to.await()
	took := time.Since(begun)
	a.run(func() error {
		if err := a.waited(got, took, err); err != nil {
			return err
		}
		return a.send()
	})
}

// waited records what has come of a wait.
func (a *parkedAnswer) waited(got int64, took time.Duration, err error) error {
	file := a.kernelFile()
	if a.to.pace.least > 0 {
		a.to.pace.count(a.to.Conn, got, took)
	}
	if file == nil && err == nil { // there is room
		return nil
	}
	return a.sent(file, got, err)
}

// send sends the rest. An error is errNoRoom or a *cutOff.
func (a *parkedAnswer) send() error {
	for a.left > 0 {
		most := min(a.left, largePiece)
		if a.pace != nil {
			if a.due == 0 {
				var err error
				if a.due, err = a.pace.wait(min(a.left, smallPiece)); err != nil {
					return &cutOff{AbortedByClient, err}
				}
			}
			most = a.due
		}
		file := a.kernelFile()
		err := a.prepare(file, most)
		var n int64
		if err == nil {
			n, err = a.to.try()
		}
		if err == nil && file == nil {
			n, err = a.copyPiece(min(most, smallPiece, n))
		}
		if err := a.sent(file, n, err); err != nil {
			return err
		}
	}
	return nil
}

// kernelFile returns the file that the kernel sends; nil if a buffer is needed.
func (a *parkedAnswer) kernelFile() *os.File {
	f, _ := a.src.(*os.File)
	if _, ok := a.to.Conn.(*net.TCPConn); !ok {
		return nil
	}
	return f
}

// sent records that n bytes were sent, and returns err if the download ends with it. file
// is nil if the kernel didn't send them.
func (a *parkedAnswer) sent(file *os.File, n int64, err error) error {
	a.outcome.Bytes += n
	a.left -= n
	if a.pace != nil {
		a.due -= n
		a.pace.took(n)
	}
	switch _, cut := err.(*cutOff); {
	case cut || err == errNoRoom:
		return err
	case err == nil && n > 0:
		a.to.seen = progress{waiting: -1}
		return nil
	case err == nil:
		return &cutOff{AbortedByOrigin, shortBy(a.left)}
	}
	goesOn, err := a.to.look(0, err, a.to.limit/looks)
	switch {
	case goesOn:
		return nil
	case file == nil:
		return &cutOff{AbortedByClient, err}
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSYS), errors.Is(err, errors.ErrUnsupported): // on some file systems
		a.src = struct{ io.Reader }{file}
		return nil
	}
	return cutByKernel(err)
}

// copyPiece sends n bytes by a buffer, or less if reading gives less.
func (a *parkedAnswer) copyPiece(n int64) (int64, error) {
	buf := smallPieces.Get().(*[]byte)
	defer smallPieces.Put(buf)
	read, readErr := readAtLeast(a.src, (*buf)[:n], 1)
	wrote, err := 0, error(nil)
	if read > 0 {
		wrote, err = a.to.Write((*buf)[:read])
	}
	switch {
	case err != nil:
		return int64(wrote), &cutOff{AbortedByClient, err}
	case readErr == io.EOF: // of ReadAtLeast; a wrapped one is the storage's
		return int64(wrote), &cutOff{AbortedByOrigin, shortBy(a.left - int64(wrote))}
	case readErr != nil:
		return int64(wrote), &cutOff{AbortedByOrigin, readErr}
	}
	return int64(wrote), nil
}

// end ends the exchange, and the connection.
//
//go:noinline
func (a *parkedAnswer) end(err error) {
	defer a.forget()
	defer a.conn.Close()
	if complete := a.tell(err); complete {
		linger(a.conn, a.to.limit)
	} else {
		closeHard(a.conn)
	}
}

// tell tells everyone concerned that the answer is over, also if one of them panics, and
// reports whether it is complete.
func (a *parkedAnswer) tell(err error) (complete bool) {
	defer a.apart.release()
	defer a.finished()
	defer a.recover(&complete)
	defer a.conclude(err)
	defer a.stage(err)
	a.closeAfter(a.file)
	return err == nil
}

// conclude ends the account.
func (a *parkedAnswer) conclude(err error) {
	if err == nil {
		a.finish()
		return
	}
	cut, ok := errors.AsType[*cutOff](err)
	if !ok {
		cut = &cutOff{AbortedByOrigin, fmt.Errorf("in the middle of the body: %w", err)}
	}
	a.finishCut(cut, a.ended())
}

// ended returns the side that ended the context of the answer: [Parking.Close], or none.
func (a *parkedAnswer) ended() AbortedBy {
	if a.apart.Err() != nil {
		return AbortedByShutdown
	}
	return NotAborted
}

// recover logs a panic, as net/http does for one of a handler.
func (a *parkedAnswer) recover(complete *bool) {
	if v := recover(); v != nil {
		a.logPanic(v)
		*complete = false
	}
}

// after calls f at the end of the answer.
func (a *parkedAnswer) after(f func()) {
	a.mu.Lock()
	done := a.done
	if !done {
		a.hooks = append(a.hooks, f)
	}
	a.mu.Unlock()
	if done {
		f()
	}
}

// finished calls what waits for the end of the answer. The connection may still be open.
func (a *parkedAnswer) finished() {
	a.mu.Lock()
	a.done = true
	hooks := a.hooks
	a.hooks = nil
	a.mu.Unlock()
	var fine bool
	for _, f := range hooks {
		func() {
			defer a.recover(&fine)
			f()
		}()
	}
	p := a.parking
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending[a] = struct{}{}
	p.remove(a)
}

// forget says that the connection is closed.
func (a *parkedAnswer) forget() {
	a.parking.mu.Lock()
	defer a.parking.mu.Unlock()
	delete(a.parking.ending, a)
}

// linger closes the sending side of a connection, and waits until the client has closed
// the other one. If the connection was closed at once, bytes that the client has sent
// meanwhile would reset it, and the client might lose the end of the body.
func linger(c net.Conn, limit time.Duration) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(limit))
	var buf [64]byte
	for range 1 << 10 {
		if _, err := c.Read(buf[:]); err != nil {
			return
		}
	}
}
