package config

import "time"

// Limits bound what a server spends. A zero is the default of who keeps to it.
type Limits struct {
	// The server's: how long a client may take to send a request's header, how
	// long that may be in bytes, and how long a connection may be idle.
	Header     time.Duration
	HeaderSize int64
	Idle       time.Duration

	Buckets BucketLimits
}

// BucketLimits bound how long a bucket is waited for.
type BucketLimits struct {
	Connect    time.Duration // until a connection stands
	FirstByte  time.Duration // from then on until an answer begins
	Silence    time.Duration // between two reads of an answer
	Tries      int           // how often a request is made
	TriesTotal time.Duration // how long all of them may take
}

func (l *Limits) read(v value) {
	v.mapping(`limits such as "{idle: 2m}"`, []field{
		{name: "header", read: scalar(&l.Header, bound)},
		{name: "header_size", read: scalar(&l.HeaderSize, headerSize)},
		{name: "idle", read: scalar(&l.Idle, bound)},
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
	})
}
