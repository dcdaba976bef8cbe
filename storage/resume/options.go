package resume

import (
	"math"
	"math/rand/v2"
	"time"
)

// Options say how patient a storage is with its store. nil and the zero value
// are good defaults. There is no limit for a whole download, and none that a
// slow client could reach: time runs only while the store is waited for.
type Options struct {
	// FirstByte limits how long Open, OpenRange and Stat may take, for each try;
	// 0 is 30 seconds, a negative duration no limit.
	FirstByte time.Duration

	// Silence limits how long a Read may wait for its first byte; 0 is 30
	// seconds, a negative duration no limit.
	Silence time.Duration

	// Tries is how often a file is opened in a row without a byte of it
	// arriving; 0 is 3. A byte makes the count start anew. It holds for Stat
	// too.
	Tries int

	// Total limits the time in a row without a byte, with all tries and the
	// pauses between them; 0 is 60 seconds, a negative duration no limit.
	Total time.Duration

	// Backoff returns the pause before a try, which is 2 for the second in a row
	// that opens a file, and 1 for the first after a body broke off. nil is a
	// pause of 100 milliseconds that doubles with each try up to five seconds, less a
	// random part of up to its half.
	//
	// Where the store says Retry-After itself, that is how long the pause is at
	// least. More than five seconds are not waited before a download has begun:
	// then the client is told, and may come back.
	Backoff func(try int) time.Duration
}

// settings are Options with their defaults filled in.
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
