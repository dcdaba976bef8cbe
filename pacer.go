package downloadview

import "context"

// A Pacer says when each piece of a body may be sent, for rates that several downloads
// share. A *rate.Limiter of golang.org/x/time/rate is one; middleware.RateLimit has one
// for each client. Several goroutines use it at the same time.
type Pacer interface {
	// Burst returns the most bytes of a piece. Less than 1 counts as 1.
	Burst() int

	// WaitN returns when n bytes may be sent, where n is at most what Burst returned.
	// After an error, such as that of ctx, the download is cut short.
	WaitN(ctx context.Context, n int) error
}
