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

// patience is what is spent while no byte comes. Only the time that the store is
// waited for is counted.
type patience struct {
	*settings
	begun bool // bytes have been sent, and somebody is waiting for the rest
	tried int  // opened in a row
	spent time.Duration
}

// renew is called when a byte has come.
func (p *patience) renew() {
	p.begun = true
	p.tried, p.spent = 0, 0
}

// left cuts d down to what is left.
func (p *patience) left(d time.Duration) time.Duration {
	if p.total == unlimited {
		return d
	}
	return min(d, max(p.total-p.spent, 0))
}

// try counts one call, which may take as long as it is told.
func (p *patience) try(call func(limit time.Duration) error) error {
	p.tried++
	start := time.Now()
	err := call(p.left(p.firstByte))
	p.spent += time.Since(start)
	return err
}

// pause waits before the next try. Where there is to be none after err, or ctx
// ends, it returns why.
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

// patienceOfClients is how long somebody waits who has nothing yet.
const patienceOfClients = 5 * time.Second

// passing tells whether another try may have another outcome than err.
func passing(err error) bool {
	if errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, downloadview.ErrUpstream) {
		return false // else a look has failed, perhaps for now
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

// retryAfter returns what the store asks for, whether in seconds or as a date.
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
