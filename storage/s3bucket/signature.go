package s3bucket

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// A signature records how a URL is signed.
type signature struct {
	at     time.Time // by this machine's clock
	skew   time.Duration
	expiry time.Duration
	dead   time.Time // when the credentials end, by this machine's clock; zero: never
}

// newSignature returns the signature of the object name, now.
func newSignature(name string, o downloadview.SignOptions, by aws.Credentials, skew time.Duration) signature {
	s := signature{
		at:     bucket.InWindow(time.Now().Add(skew), o.Window, name).Add(-skew),
		skew:   skew,
		expiry: o.Expiry.Truncate(time.Second),
	}
	if by.CanExpire {
		s.dead = by.Expires.Add(-skew)
	}
	return s
}

// byStore returns the time of the signature by the store's clock.
func (s *signature) byStore() time.Time { return s.at.Add(s.skew) }

// until returns when the store stops accepting the URL, by this machine's clock.
func (s *signature) until() time.Time {
	end := s.at.Add(s.expiry)
	if !s.dead.IsZero() && s.dead.Before(end) {
		return s.dead
	}
	return end
}
