package natslease

import (
	"strconv"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/middleware"
)

// A new lease, and one that the holder has, in a bucket with three replicas, against a
// value that is created there, by turns.
func BenchmarkLease(b *testing.B) {
	s := open(b, natstest.Start(b, 3), nil)
	q := middleware.LeaseRequest{Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour, ID: "warm"}
	if _, err := s.Lease(soon(b), q); err != nil {
		b.Fatal(err)
	}
	kv, err := s.kv.JS.KeyValue(b.Context(), "downloadview-leases")
	if err != nil {
		b.Fatal(err)
	}
	for _, same := range []bool{false, true} {
		name := map[bool]string{false: "new", true: "same"}[same]
		b.Run(name, func(b *testing.B) {
			var ours, create time.Duration
			n := 0
			for b.Loop() {
				if n == 0 || !same {
					q.ID = name + strconv.FormatInt(time.Now().UnixNano(), 36)
				}
				n++
				begin := time.Now()
				if _, err := s.Lease(b.Context(), q); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if _, err := kv.Create(b.Context(), "bench"+strconv.FormatInt(between.UnixNano(), 36), nil); err != nil {
					b.Fatal(err)
				}
				ours += between.Sub(begin)
				create += time.Since(between)
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(n), "lease-µs")
			b.ReportMetric(float64(create.Microseconds())/float64(n), "create-µs")
			b.ReportMetric(float64(ours)/float64(create), "ratio")
		})
	}
}
