package command

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/downloadview/downloadview/internal/config"
)

// bucketFlags are the flags for buckets. limits.buckets in the file has the same
// values, but for StoredCacheControl.
type bucketFlags struct {
	ConnectTimeout     patience    `placeholder:"DURATION" help:"How long connecting to the store may take. Default: 5s."`
	FirstByteTimeout   patience    `placeholder:"DURATION" help:"How long the store may take to begin its answer. Default: 30s."`
	SilenceTimeout     patience    `placeholder:"DURATION" help:"How long the store may send nothing in the middle of an object. A download as a whole may take any time. Default: 30s."`
	Tries              numberFrom1 `placeholder:"N" help:"How often a request to the store is tried before the download fails. Bytes that have arrived are not requested again, and restart the count. Default: 3."`
	TriesTotal         patience    `placeholder:"DURATION" help:"How long these tries may take together, with the pauses between them. Default: 60s."`
	ReadAhead          numberFrom1 `placeholder:"N" help:"Fetch N parts of a download before the client needs them, each on its own connection. This helps if the store is far away, or slow on each connection. Default: none."`
	ReadAheadPart      partSize    `placeholder:"SIZE" help:"Size of such a part. An object that is not larger takes one request. Default: 8MiB."`
	ReadAheadMemory    partSize    `placeholder:"SIZE" help:"Memory for such parts, which all downloads share fairly. Default: 256MiB."`
	StoredCacheControl bool        `help:"Send the Cache-Control and Expires that are stored with an object. Behind a proxy this needs the object's metadata first, even with --blind. Default: private, no-cache."`
}

// Defaults for values that neither the flags nor the file set.
const (
	connectTimeout  = 5 * time.Second
	firstByte       = 30 * time.Second
	silence         = 30 * time.Second
	tries           = 3
	triesTotal      = time.Minute
	readAheadMemory = 256 << 20
)

// apply sets the limits of c: a flag wins over the file, and the file over the default.
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
		return usageErrorf("--read-ahead-part and --read-ahead-memory have no effect without --read-ahead; want such as --read-ahead 4")
	}
	for i := range c.Mounts {
		m := &c.Mounts[i]
		m.Stored = m.Stored || f.StoredCacheControl && m.CacheControl == ""
	}
	return nil
}

// A patience is a flag with a duration, such as 30s.
type patience time.Duration

// UnmarshalText reads a duration of more than 0.
func (p *patience) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q; want a duration such as 30s or 5m", text)
	}
	*p = patience(d)
	return nil
}

// A numberFrom1 is a flag with a number of at least 1.
type numberFrom1 int

// UnmarshalText reads a whole number of at least 1.
func (n *numberFrom1) UnmarshalText(text []byte) error {
	i, err := strconv.Atoi(string(text))
	if err != nil || i < 1 {
		return fmt.Errorf("%q; want a whole number of at least 1", text)
	}
	*n = numberFrom1(i)
	return nil
}

// A partSize is a flag with a size, such as 8MiB.
type partSize int64

// UnmarshalText reads a size of at least 1 byte.
func (s *partSize) UnmarshalText(text []byte) error {
	n, err := config.ParseSize(string(text))
	if err == nil && n == 0 {
		err = errors.New("is zero; want such as 8MiB")
	}
	if err != nil {
		return fmt.Errorf("%q %w", text, err)
	}
	*s = partSize(n)
	return nil
}
