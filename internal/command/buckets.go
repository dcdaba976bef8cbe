package command

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
)

// Reach has the settings with which an [Opener] connects to the store of a bucket. It
// has no limits for answers: this package limits them.
type Reach struct {
	// Connect limits how long a connection may take, and then the TLS handshake.
	Connect time.Duration

	// Credentials limits how long a source of credentials may take to answer.
	Credentials time.Duration

	// Logger gets the lines for the operator.
	Logger *slog.Logger

	// Transport returns a transport that counts the requests to the store, and makes
	// them by base. nil: they are not counted. See [Reach.Counted].
	Transport func(base http.RoundTripper) http.RoundTripper
}

// Counted returns base, or a transport that counts the requests that base makes.
func (r *Reach) Counted(base http.RoundTripper) http.RoundTripper {
	if r.Transport == nil {
		return base
	}
	return r.Transport(base)
}

// buckets gives all buckets the same limits, and one memory for reading ahead.
type buckets struct {
	limits config.BucketLimits
	ahead  *readahead.Options // nil: nothing is read ahead
	logger *slog.Logger
	seen   *telemetry // nil: nothing is counted
}

func newBuckets(l *config.BucketLimits, logger *slog.Logger) *buckets {
	b := &buckets{limits: *l, logger: logger}
	if l.ReadAhead > 0 {
		b.ahead = &readahead.Options{
			Parts:    l.ReadAhead,
			PartSize: l.ReadAheadPart,
			Budget:   readahead.NewBudget(l.ReadAheadMemory),
		}
	}
	return b
}

func (b *buckets) reach(name string) *Reach {
	return &Reach{Connect: b.limits.Connect, Credentials: b.limits.FirstByte, Logger: b.logger, Transport: b.seen.transport(name)}
}

// bounded returns s with the limits if u is the URL of a cloud's bucket, else s.
func (b *buckets) bounded(s downloadview.Storage, u *url.URL) downloadview.Storage {
	switch u.Scheme {
	case "file", "mem":
		return s
	}
	s = resume.New(s, &resume.Options{
		FirstByte: b.limits.FirstByte,
		Silence:   b.limits.Silence,
		Tries:     b.limits.Tries,
		Total:     b.limits.TriesTotal,
	})
	if b.ahead != nil {
		s = readahead.New(s, b.ahead)
	}
	return newBucket(s, b.limits.FirstByte, b.logger)
}
