package spool

import (
	"log/slog"
	"time"
)

// A Kind says what has happened. The values are short and stable, for metrics.
type Kind string

const (
	Hit      Kind = "hit"      // complete content was opened; the Observer of the handler knows what was handed over
	Joined   Kind = "joined"   // a client follows what is being made already
	Began    Kind = "began"    // content is being made, fetched from Options.Second, or followed in another process
	Kept     Kind = "kept"     // it is complete and in the folder; Bytes, Duration since Began
	Restored Kind = "restored" // the same, and it came from Options.Second
	NotKept  Kind = "not kept" // it is being streamed only: no room, or the folder failed; Err
	Failed   Kind = "failed"   // making it failed, or was ended; Err
	Evicted  Kind = "evicted"  // it was removed to make room; Bytes
	Expired  Kind = "expired"  // it was removed because of Options.MaxAge; Bytes
)

// An Event is what has happened to one content.
type Event struct {
	Kind     Kind
	ID       ID // empty if it was removed and is not known any more
	Bytes    int64
	Duration time.Duration
	Err      error
}

// observe tells the Observer, mostly in a goroutine of the spool: a panic would end the
// program there.
func (s *Spool) observe(e Event) {
	if s.options.Observer == nil {
		return
	}
	var err error
	defer func() {
		if err != nil {
			s.logger().Error("spool: the Observer panicked", slog.String("key", e.ID.Key), slog.Any("error", err))
		}
	}()
	defer recoverInto(&err)
	s.options.Observer(e)
}
