package config

import (
	"cmp"
	"fmt"
	"time"
)

// Limits bound what a server spends. A zero is the default of who keeps to it.
type Limits struct {
	// The server's: how long a client may take to send a request's header, how
	// long that may be in bytes, and how long a connection may be idle.
	Header     time.Duration
	HeaderSize int64
	Idle       time.Duration

	// Stall is how long a client may take nothing of its download, or send nothing
	// of its request's body.
	Stall time.Duration

	Buckets BucketLimits
}

// BucketLimits bound how long a bucket is waited for, and what is kept of it.
type BucketLimits struct {
	Connect    time.Duration // until a connection stands
	FirstByte  time.Duration // from then on until an answer begins
	Silence    time.Duration // between two reads of an answer
	Tries      int           // how often a request is made, in a row without a byte
	TriesTotal time.Duration // how long all of them may take

	ReadAhead       int   // parts that are fetched before the client gets to them; 0: none
	ReadAheadPart   int64 // size of a part, in bytes
	ReadAheadMemory int64 // bytes of all parts that are kept at a time, of all downloads
}

func (l *Limits) read(v value) {
	v.mapping(`limits such as "{idle: 2m}"`, []field{
		{name: "header", read: scalar(&l.Header, bound)},
		{name: "header_size", read: scalar(&l.HeaderSize, headerSize)},
		{name: "idle", read: scalar(&l.Idle, bound)},
		{name: "stall", read: scalar(&l.Stall, bound)},
		{name: "buckets", read: func(v value) { l.Buckets.read(v) }},
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

// ReadAheadPart is the size of a part where nothing else is said.
const ReadAheadPart = 8 << 20

// Check tells what is wrong with the limits as a whole.
func (l *BucketLimits) Check() error {
	part := cmp.Or(l.ReadAheadPart, ReadAheadPart)
	if l.ReadAheadMemory != 0 && l.ReadAheadMemory < part {
		return fmt.Errorf("memory for reading ahead of %d bytes has no room for a part of %d", l.ReadAheadMemory, part)
	}
	return nil
}
