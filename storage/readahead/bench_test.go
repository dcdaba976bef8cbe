package readahead_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/remote"
)

// BenchmarkReadAhead downloads 256 MiB from a server that is 20 ms away and
// sends 50 MB/s per connection, over one connection and over several. In
// addition to the rate, it measures the time to the first byte and the most
// memory in use.
func BenchmarkReadAhead(b *testing.B) {
	const size, mib = 256 << 20, 1 << 20
	content := make([]byte, size)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer srv.Close()
	proxy := faultproxy.Start(b, strings.TrimPrefix(srv.URL, "http://"))
	proxy.On(0, nil, faultproxy.Slow(20*time.Millisecond, 50_000_000))
	plain := at(b, proxy.URL+"/file")

	for _, tt := range []struct {
		name string
		file downloadview.File
	}{
		{"single", plain},
		{"4x8MiB", readahead.File(plain, nil)},
		{"8x8MiB", readahead.File(plain, &readahead.Options{Parts: 8})},
		{"8x2MiB", readahead.File(plain, &readahead.Options{Parts: 8, PartSize: 2 * mib})},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.SetBytes(size)
			before := heap()
			var first time.Duration
			var most int64
			for b.Loop() {
				start := time.Now()
				h, err := tt.file.Open(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(h, make([]byte, 1)); err != nil {
					b.Fatal(err)
				}
				first += time.Since(start)
				n, err := io.Copy(watching(func() { most = max(most, heap()-before) }), h)
				if n != size-1 || err != nil {
					b.Fatal(n, err)
				}
				h.Close()
			}
			b.ReportMetric(first.Seconds()*1000/float64(b.N), "first-ms")
			b.ReportMetric(float64(most)/mib, "MiB")
		})
	}
}

// at returns the file at a URL of this machine.
func at(b *testing.B, address string) downloadview.File {
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	_, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		b.Fatal(err)
	}
	f, err := remote.File(address, &remote.Options{Allow: remote.Allow{
		Prefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Ports:    []uint16{uint16(n)},
	}})
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// watching is a client that calls a function for each write.
type watching func()

func (w watching) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
