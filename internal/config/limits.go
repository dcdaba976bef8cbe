package config

import (
	"cmp"
	"fmt"
	"time"
)

// Limits bound the time and memory that the server spends. The zero value of a field
// means the default: that of the command or of the library for buckets.
type Limits struct {
	// Header is how long a client may take to send the header of a request.
	// HeaderSize is how long that header may be, in bytes. Idle is how long a
	// connection may wait for the next request.
	Header     time.Duration
	HeaderSize int64
	Idle       time.Duration

	// Stall is how long a client may read nothing of its download, or send nothing
	// of the body of its request.
	Stall time.Duration

	// LeastRate is the least that a client must accept of its download, in bytes a
	// second, on average over Stall. 0 means any rate.
	LeastRate int64

	Downloads DownloadLimits
	Archives  ArchiveLimits
	Buckets   BucketLimits
}

// DownloadLimits bound what downloads may take together. 0 means no limit, except for
// Waiting and Wait.
type DownloadLimits struct {
	Max          int // downloads at once
	MaxPerClient int
	Waiting      int           // more requests that wait for their turn; 0: the command's default
	Wait         time.Duration // how long they wait; 0: the command's default
	OffloadTime  time.Duration // for which a download that a proxy sends counts; 0: not at all

	Rate          int64 // that all downloads share, in bytes a second
	RatePerClient int64 // that the downloads of a client share
}

// ArchiveLimits bound the archive of a folder. 0 means the command's default.
type ArchiveLimits struct {
	MaxFiles int   // files and folders together
	MaxSize  int64 // of all files, in bytes
}

// BucketLimits bound the time to wait for a bucket, and the memory for reading ahead.
type BucketLimits struct {
	Connect    time.Duration // until a connection is made
	FirstByte  time.Duration // from then until the answer begins
	Silence    time.Duration // between two reads of an answer
	Tries      int           // how often a request is made in a row without a byte of answer
	TriesTotal time.Duration // how long all these tries may take together

	ReadAhead       int   // parts to fetch before the client needs them; 0: none
	ReadAheadPart   int64 // size of a part, in bytes
	ReadAheadMemory int64 // most bytes of parts in memory at a time, for all downloads
}

func (l *Limits) read(v value) {
	v.mapping(`limits such as "{idle: 2m}"`, []field{
		{name: "header", read: scalar(&l.Header, bound)},
		{name: "header_size", read: scalar(&l.HeaderSize, headerSize)},
		{name: "idle", read: scalar(&l.Idle, bound)},
		{name: "stall", read: scalar(&l.Stall, bound)},
		{name: "least_rate", read: scalar(&l.LeastRate, rate)},
		{name: "downloads", read: func(v value) { l.Downloads.read(v) }},
		{name: "archives", read: func(v value) { l.Archives.read(v) }},
		{name: "buckets", read: func(v value) { l.Buckets.read(v) }},
	})
}

func (l *DownloadLimits) read(v value) {
	v.mapping(`limits such as "{max: 200, rate_per_client: 10MB}"`, []field{
		{name: "max", read: scalar(&l.Max, count)},
		{name: "max_per_client", read: scalar(&l.MaxPerClient, count)},
		{name: "waiting", read: scalar(&l.Waiting, count)},
		{name: "wait", read: scalar(&l.Wait, bound)},
		{name: "offload_time", read: scalar(&l.OffloadTime, bound)},
		{name: "rate", read: scalar(&l.Rate, rate)},
		{name: "rate_per_client", read: scalar(&l.RatePerClient, rate)},
	})
}

func (l *ArchiveLimits) read(v value) {
	v.mapping(`limits such as "{max_files: 1000, max_size: 10GB}"`, []field{
		{name: "max_files", read: scalar(&l.MaxFiles, count)},
		{name: "max_size", read: scalar(&l.MaxSize, positive)},
	})
}

func (l *BucketLimits) read(v value) {
	v.mapping(`limits such as "{connect: 5s}"`, []field{
		{name: "connect", read: scalar(&l.Connect, bound)},
		{name: "first_byte", read: scalar(&l.FirstByte, bound)},
		{name: "silence", read: scalar(&l.Silence, bound)},
		{name: "tries", read: scalar(&l.Tries, count)},
		{name: "tries_total", read: scalar(&l.TriesTotal, bound)},
		{name: "read_ahead", read: scalar(&l.ReadAhead, count)},
		{name: "read_ahead_part", read: scalar(&l.ReadAheadPart, positive)},
		{name: "read_ahead_memory", read: scalar(&l.ReadAheadMemory, positive)},
	})
	if err := l.Check(); err != nil {
		v.errorf("%w", err)
	}
}

// ReadAheadPart is the size of a part, in bytes, if BucketLimits.ReadAheadPart is 0.
const ReadAheadPart = 8 << 20

// Check returns an error if a part doesn't fit into the memory for all parts.
func (l *BucketLimits) Check() error {
	part := cmp.Or(l.ReadAheadPart, ReadAheadPart)
	if l.ReadAheadMemory != 0 && l.ReadAheadMemory < part {
		return fmt.Errorf("the memory for reading ahead is %d bytes, and one part takes %d; want memory for one part at least", l.ReadAheadMemory, part)
	}
	return nil
}
