package resume

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/downloadview/downloadview"
)

// patience counts the tries and the time without a byte. Only time spent
// waiting for the store counts.
type patience struct {
	*settings
	begun bool // bytes have been sent, and the client is waiting for the rest
	tried int  // tries in a row
	spent time.Duration
}

// renew is called when a byte has arrived.
func (p *patience) renew() {
	p.begun = true
	p.tried, p.spent = 0, 0
}

// left limits d to the time that is left.
func (p *patience) left(d time.Duration) time.Duration {
	if p.total == unlimited {
		return d
	}
	return min(d, max(p.total-p.spent, 0))
}

// try counts and makes one call, with a time limit.
func (p *patience) try(call func(limit time.Duration) error) error {
	p.tried++
	start := time.Now()
	err := call(p.left(p.firstByte))
	p.spent += time.Since(start)
	return err
}

// pause waits before the next try. It returns an error if there is no further
// try after err, or if ctx ends.
func (p *patience) pause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p.tried >= p.tries || !passing(err) {
		return err
	}
	pause := p.backoff(p.tried + 1)
	if after, ok := retryAfter(err); ok {
		if !p.begun && after > patienceOfClients {
			return err
		}
		pause = max(pause, after)
	}
	if p.left(unlimited) <= pause {
		return err
	}
	p.spent += pause
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// patienceOfClients is how long a client waits that has received nothing yet.
const patienceOfClients = 5 * time.Second

// passing reports whether another try may succeed after err.
func passing(err error) bool {
	if errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, downloadview.ErrUpstream) {
		return false // otherwise only Stat has failed, perhaps temporarily
	}
	for _, lasting := range []error{
		downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed, downloadview.ErrRefused,
	} {
		if errors.Is(err, lasting) {
			return false
		}
	}
	status := downloadview.StatusCode(err)
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		status == http.StatusRequestTimeout
}

// retryAfter returns the Retry-After of the store, given in seconds or as a
// date.
func retryAfter(err error) (time.Duration, bool) {
	e, ok := errors.AsType[*downloadview.StatusError](err)
	if !ok {
		return 0, false
	}
	value := e.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, math.MaxInt32)) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return time.Until(date), true
	}
	return 0, false
}
