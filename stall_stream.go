package downloadview

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// EndStalledStreams returns http middleware that ends a stream of HTTP/2 if its
// client accepts no data for limit while there is data to send. [EndStalled] alone
// doesn't: a client may read one stream of a connection and let others wait, and
// then the connection makes progress. With a least above 0, a stream is also ended
// if the client accepts less than least bytes a second, on average over limit, as
// with [EndSlow].
//
// Use it beside EndStalled or EndSlow, with the same limit. Only the time counts
// in which the handler waits for the client. Data is sent in pieces of 16 KiB, and
// a piece counts when all of it is sent. Bytes that the handler leaves in the
// server's buffer have limit after its end.
//
// The [Outcome] of such a download has [AbortedByStall]. Requests of HTTP/1 pass
// through. A limit of 0 or less panics, and so does a least below 0.
func EndStalledStreams(limit time.Duration, least int64) func(http.Handler) http.Handler {
	if limit <= 0 || least < 0 {
		panic(fmt.Sprintf("downloadview: EndStalledStreams: limit %v, least %d; want a limit of more than 0 and a least of 0 or more", limit, least))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor < 2 {
				next.ServeHTTP(w, r)
				return
			}
			s := &watchedStream{ResponseWriter: w, limit: limit, least: least, piece: streamPiece, late: errStalled, since: time.Now()}
			defer s.end()
			next.ServeHTTP(s, r)
		})
	}
}

// A watchedStream resets its stream if a write takes longer than limit. A deadline for
// each write would not do: it would also pass between two writes.
type watchedStream struct {
	http.ResponseWriter
	limit time.Duration
	least int64     // bytes a second; 0: any
	piece int       // the most bytes of a write
	late  error     // of a write that takes longer than limit
	since time.Time // from which begun counts

	begun   atomic.Int64 // when the write that is going on began; 0: none is going on
	stalled atomic.Bool

	wrote  bool
	took   int64 // bytes, while writes waited for the client
	waited time.Duration

	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

// streamPiece is the size of a frame that every client accepts.
const streamPiece = 16 << 10

func (s *watchedStream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *watchedStream) Write(p []byte) (sent int, err error) {
	for {
		piece := p[:min(len(p), s.piece)]
		n, err := s.watch(func() (int, error) {
			n, err := s.ResponseWriter.Write(piece)
			return written(n, len(piece), err)
		})
		sent, p = sent+n, p[n:]
		if err != nil || len(p) == 0 {
			return sent, err
		}
	}
}

// FlushError is called by [http.ResponseController].
func (s *watchedStream) FlushError() error {
	_, err := s.watch(func() (int, error) { return 0, http.NewResponseController(s.ResponseWriter).Flush() })
	return err
}

func (s *watchedStream) Flush() { _ = s.FlushError() }

// watch calls write.
func (s *watchedStream) watch(write func() (int, error)) (int, error) {
	if !s.wrote {
		s.wrote = true
		s.mu.Lock()
		s.timer = time.AfterFunc(s.limit/looks, s.look)
		s.mu.Unlock()
	}
	begun := time.Since(s.since)
	s.begun.Store(max(int64(begun), 1))
	n, err := write()
	s.begun.Store(0)
	if err != nil {
		if s.stalled.Load() {
			err = s.late
		}
		return n, err
	}
	return n, s.pace(n, time.Since(s.since)-begun)
}

// pace counts n bytes that took some time, and resets the stream if its client is too
// slow.
func (s *watchedStream) pace(n int, took time.Duration) error {
	if s.least == 0 {
		return nil
	}
	s.took += int64(n)
	s.waited += took
	if s.waited < s.limit {
		return nil
	}
	slow := float64(s.took) < float64(s.least)*s.waited.Seconds()
	s.took, s.waited = 0, 0
	if slow {
		s.reset()
		return errSlow
	}
	return nil
}

// look is called while the handler runs.
func (s *watchedStream) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended { // the stream may not be used any more
		return
	}
	if b := s.begun.Load(); b > 0 && time.Since(s.since)-time.Duration(b) >= s.limit {
		s.stalled.Store(true)
		s.reset()
		return
	}
	s.timer.Reset(s.limit / looks)
}

func (s *watchedStream) reset() { setWriteDeadline(s.ResponseWriter, time.Unix(1, 0)) }

// end ends the watch when the handler ends.
func (s *watchedStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if !s.wrote {
		return
	}
	s.timer.Stop()
	setWriteDeadline(s.ResponseWriter, time.Now().Add(s.limit)) // for what net/http still sends
}

var _ http.Flusher = (*watchedStream)(nil)
