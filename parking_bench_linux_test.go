//go:build !386

package downloadview_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"
)

// What a Parking costs downloads that aren't parked: the processor time of this process,
// client included, with it and without it, in turns.
func BenchmarkParkingOfFastClients(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			var turns [2]func()
			for i, off := range []bool{false, true} {
				s := newParkSite(b, parkCase{size: size, off: off, after: time.Minute, buffer: 1 << 20})
				c, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				r := bufio.NewReader(c)
				turns[i] = func() {
					io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: example.com\r\n\r\n")
					resp, err := http.ReadResponse(r, nil)
					if err != nil {
						b.Fatal(err)
					}
					if n, err := io.Copy(io.Discard, resp.Body); n != int64(size) || err != nil {
						b.Fatal(n, err)
					}
					<-s.returned
					<-s.outcomes
				}
			}
			var ratios []float64
			for b.Loop() {
				var spent [2]time.Duration
				for i, turn := range turns {
					before := processorTime(b)
					for range 200 {
						turn()
					}
					spent[i] = processorTime(b) - before
				}
				ratios = append(ratios, float64(spent[0])/float64(spent[1]))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "times-without")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
