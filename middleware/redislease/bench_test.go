package redislease

import (
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview/internal/redistest"
	"github.com/downloadview/downloadview/middleware"
)

// A new lease, and one that the holder has, against a PING of the same server, by turns.
func BenchmarkLease(b *testing.B) {
	server := redistest.Start(b)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		b.Fatal(err)
	}
	client := redis.NewClient(options)
	b.Cleanup(func() { client.Close() })
	s := New(client, nil)
	q := middleware.LeaseRequest{Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour}
	for _, same := range []bool{false, true} {
		name := map[bool]string{false: "new", true: "same"}[same]
		b.Run(name, func(b *testing.B) {
			var ours, ping time.Duration
			n := 0
			for b.Loop() {
				if n == 0 || !same {
					q.ID = name + strconv.Itoa(b.N) + "-" + strconv.Itoa(n)
				}
				n++
				begin := time.Now()
				if _, err := s.Lease(b.Context(), q); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if err := client.Ping(b.Context()).Err(); err != nil {
					b.Fatal(err)
				}
				ours += between.Sub(begin)
				ping += time.Since(between)
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(n), "lease-µs")
			b.ReportMetric(float64(ping.Microseconds())/float64(n), "ping-µs")
			b.ReportMetric(float64(ours)/float64(ping), "ratio")
		})
	}
}
