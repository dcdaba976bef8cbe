package resume

import (
	"math"
	"math/rand/v2"
	"time"
)

// Options say how long a storage waits for its store. nil and the zero value
// are good defaults. The whole download has no limit, and a slow client can't
// reach any limit: only the time spent waiting for the store counts.
type Options struct {
	// FirstByte limits how long one try of Open, OpenRange or Stat may take; 0
	// is 30 seconds, a negative duration is no limit.
	FirstByte time.Duration

	// Silence limits how long a Read may wait for its first byte; 0 is 30
	// seconds, a negative duration is no limit.
	Silence time.Duration

	// Tries limits how often a file is opened in a row without receiving a
	// byte; 0 is 3. The count starts again after each byte. It applies to Stat,
	// too.
	Tries int

	// Total limits the time in a row without a byte, including all tries and
	// the pauses between them; 0 is 60 seconds, a negative duration is no
	// limit.
	Total time.Duration

	// Backoff returns the pause before a try. When a file is opened, try 2 is
	// the second one; after a body broke off, try 1 is the first one. nil is a
	// pause of 100 milliseconds that doubles with each try up to five seconds,
	// less a random part of up to half of it.
	//
	// If the store sends Retry-After, the pause is at least that long. Before a
	// download has begun, a pause of more than five seconds isn't waited for:
	// the error is returned, and the client may try again.
	Backoff func(try int) time.Duration
}

// settings are Options with the defaults filled in.
type settings struct {
	firstByte, silence, total time.Duration
	tries                     int
	backoff                   func(try int) time.Duration
}

func (o *Options) settings() *settings {
	if o == nil {
		o = &Options{}
	}
	s := &settings{
		firstByte: limit(o.FirstByte, 30*time.Second),
		silence:   limit(o.Silence, 30*time.Second),
		total:     limit(o.Total, time.Minute),
		tries:     o.Tries,
		backoff:   o.Backoff,
	}
	if s.tries <= 0 {
		s.tries = 3
	}
	if s.backoff == nil {
		s.backoff = backoff
	}
	return s
}

const unlimited = time.Duration(math.MaxInt64)

func limit(d, fallback time.Duration) time.Duration {
	switch {
	case d == 0:
		return fallback
	case d < 0:
		return unlimited
	}
	return d
}

func backoff(try int) time.Duration {
	d := min(100*time.Millisecond<<min(max(try-1, 0), 10), 5*time.Second)
	return d - rand.N(d/2)
}
