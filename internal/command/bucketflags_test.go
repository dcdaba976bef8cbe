package command

import (
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/config"
)

// Flags win over the file, and both over the defaults.
func TestBucketFlags(t *testing.T) {
	defaults := config.BucketLimits{
		Connect: 5 * time.Second, FirstByte: 30 * time.Second, Silence: 30 * time.Second, Tries: 3, TriesTotal: time.Minute,
		ReadAheadPart: 8 << 20, ReadAheadMemory: 256 << 20,
	}
	with := func(change func(*config.BucketLimits)) config.BucketLimits {
		l := defaults
		change(&l)
		return l
	}
	for _, tt := range []struct {
		name  string
		flags bucketFlags
		file  config.BucketLimits
		want  config.BucketLimits
	}{
		{"nothing", bucketFlags{}, config.BucketLimits{}, defaults},
		{"file", bucketFlags{}, config.BucketLimits{Silence: 1, ReadAhead: 2}, with(func(l *config.BucketLimits) { l.Silence, l.ReadAhead = 1, 2 })},
		{"both", bucketFlags{SilenceTimeout: 3, Tries: 7}, config.BucketLimits{Silence: 1, Tries: 2}, with(func(l *config.BucketLimits) { l.Silence, l.Tries = 3, 7 })},
		{
			"large parts",
			bucketFlags{ReadAhead: 1, ReadAheadPart: 1 << 30},
			config.BucketLimits{},
			with(func(l *config.BucketLimits) { l.ReadAhead, l.ReadAheadPart, l.ReadAheadMemory = 1, 1<<30, 1<<30 }),
		},
	} {
		c := &config.Config{Limits: config.Limits{Buckets: tt.file}}
		if err := tt.flags.apply(c); err != nil || c.Limits.Buckets != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, c.Limits.Buckets, err, tt.want)
		}
	}
}

// --stored-cache-control affects only mounts without a cache_control.
func TestStoredCacheControlFlag(t *testing.T) {
	c := &config.Config{Mounts: []config.Mount{{Path: "/a/"}, {Path: "/b/", CacheControl: "no-store"}, {Path: "/c/", Stored: true}}}
	if err := (&bucketFlags{StoredCacheControl: true}).apply(c); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true} {
		if got := c.Mounts[i].Stored; got != want {
			t.Errorf("%s: %t, want %t", c.Mounts[i].Path, got, want)
		}
	}
}
