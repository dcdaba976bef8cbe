package command

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/downloadview/downloadview/internal/config"
)

// bucketFlags are the flags about buckets: how long they are waited for, and
// what is read of them. The file's limits.buckets says the same.
type bucketFlags struct {
	ConnectTimeout     patience    `placeholder:"DURATION" help:"How long a connection to the store may take to stand. Default: 5s."`
	FirstByteTimeout   patience    `placeholder:"DURATION" help:"How long the store may take to begin its answer. Default: 30s."`
	SilenceTimeout     patience    `placeholder:"DURATION" help:"How long the store may keep silent in the middle of an object. A download as a whole may take any time. Default: 30s."`
	Tries              numberFrom1 `placeholder:"N" help:"How often in a row a store is asked without a byte coming of it. What has come is not asked for again. Default: 3."`
	TriesTotal         patience    `placeholder:"DURATION" help:"How long all those tries may take, with the pauses between them. Default: 60s."`
	ReadAhead          numberFrom1 `placeholder:"N" help:"Fetch N parts of a download before the client gets to them, each over a connection of its own: for stores that are far away or slow for each connection. Default: none."`
	ReadAheadPart      partSize    `placeholder:"SIZE" help:"Size of such a part. An object that is not larger is one request. Default: 8MiB."`
	ReadAheadMemory    partSize    `placeholder:"SIZE" help:"Memory for the parts of all downloads together, shared fairly. Default: 256MiB."`
	StoredCacheControl bool        `help:"Pass on the Cache-Control and Expires that are stored with an object, which with a proxy takes a look at it, --blind or not. Default: private, no-cache."`
}

// defaults of what the flags and the file leave open.
const (
	connectTimeout  = 5 * time.Second
	firstByte       = 30 * time.Second
	silence         = 30 * time.Second
	tries           = 3
	triesTotal      = time.Minute
	readAheadMemory = 256 << 20
)

// apply puts what the flags say in place of what the file does, and defaults
// where neither says anything.
func (f *bucketFlags) apply(c *config.Config) error {
	l := &c.Limits.Buckets
	*l = config.BucketLimits{
		Connect:         cmp.Or(time.Duration(f.ConnectTimeout), l.Connect, connectTimeout),
		FirstByte:       cmp.Or(time.Duration(f.FirstByteTimeout), l.FirstByte, firstByte),
		Silence:         cmp.Or(time.Duration(f.SilenceTimeout), l.Silence, silence),
		Tries:           cmp.Or(int(f.Tries), l.Tries, tries),
		TriesTotal:      cmp.Or(time.Duration(f.TriesTotal), l.TriesTotal, triesTotal),
		ReadAhead:       cmp.Or(int(f.ReadAhead), l.ReadAhead),
		ReadAheadPart:   cmp.Or(int64(f.ReadAheadPart), l.ReadAheadPart, config.ReadAheadPart),
		ReadAheadMemory: cmp.Or(int64(f.ReadAheadMemory), l.ReadAheadMemory),
	}
	if err := l.Check(); err != nil {
		return usageErrorf("--read-ahead-memory: %w", err)
	}
	l.ReadAheadMemory = cmp.Or(l.ReadAheadMemory, max(readAheadMemory, l.ReadAheadPart))
	if l.ReadAhead == 0 && (f.ReadAheadPart != 0 || f.ReadAheadMemory != 0) {
		return usageErrorf("--read-ahead-part and --read-ahead-memory say nothing without --read-ahead; want such as --read-ahead 4")
	}
	for i := range c.Mounts {
		m := &c.Mounts[i]
		m.Stored = m.Stored || f.StoredCacheControl && m.CacheControl == ""
	}
	return nil
}

// A patience is a flag such as 30s.
type patience time.Duration

// UnmarshalText reads one that is longer than nothing.
func (p *patience) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q; want a duration such as 30s or 5m", text)
	}
	*p = patience(d)
	return nil
}

// A numberFrom1 is a flag such as 3.
type numberFrom1 int

// UnmarshalText reads one.
func (n *numberFrom1) UnmarshalText(text []byte) error {
	i, err := strconv.Atoi(string(text))
	if err != nil || i < 1 {
		return fmt.Errorf("%q; want a number from 1 on", text)
	}
	*n = numberFrom1(i)
	return nil
}

// A partSize is a flag such as 8MiB.
type partSize int64

// UnmarshalText reads one, from 1 byte on.
func (s *partSize) UnmarshalText(text []byte) error {
	n, err := config.ParseSize(string(text))
	if err == nil && n == 0 {
		err = errors.New("is nothing; want such as 8MiB")
	}
	if err != nil {
		return fmt.Errorf("%q %w", text, err)
	}
	*s = partSize(n)
	return nil
}
