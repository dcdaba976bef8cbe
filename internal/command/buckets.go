package command

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
)

// Reach is how an [Opener] reaches the store of a bucket. Limits for answers are
// not its affair.
type Reach struct {
	// Connect limits how long a connection may take to stand, TLS included.
	Connect time.Duration

	// Credentials limits how long whoever gives out credentials may take to
	// answer.
	Credentials time.Duration

	// Logger gets a line for what an operator should know.
	Logger *slog.Logger
}

// buckets makes all buckets keep to the same limits, and share the memory.
type buckets struct {
	limits config.BucketLimits
	ahead  *readahead.Options // nil: nothing is read ahead
	logger *slog.Logger
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

func (b *buckets) reach() *Reach {
	return &Reach{Connect: b.limits.Connect, Credentials: b.limits.FirstByte, Logger: b.logger}
}

// bounded returns the storage at u with the limits, if it is that of a cloud.
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
