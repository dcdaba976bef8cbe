package scene_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cost prints what downloads from warm caches cost: processor time of each kind of
// server, its memory, and requests to the store. r gets the downloads.
func (s *site) cost(t *testing.T, w io.Writer, r *row) {
	kinds := []struct {
		what    string
		servers []*server
	}{{"edge", []*server{s.edge}}, {"cache nodes", s.caches}, {"applications", s.apps}}
	before := make([]time.Duration, len(kinds))
	for i, k := range kinds {
		before[i] = processorTime(t, k.servers)
	}
	s.asked.Reset()
	const rounds = 5
	heads := 0
	for range rounds {
		downloads := make([]*download, objects)
		for i := range downloads {
			downloads[i] = s.begin(t, i)
			downloads[i].finish()
			if downloads[i].err != nil {
				t.Error(downloads[i].err)
			}
			downloads[i].got = nil
		}
		r.all = append(r.all, downloads...)
	}
	for _, method := range s.asked.Requests() {
		if method == http.MethodHead {
			heads++
		}
	}
	s.asked.Reset()
	const n = rounds * objects
	gib := float64(n*size) / (1 << 30)
	fmt.Fprintf(w, "\n%d downloads from warm caches, %.2f GiB, one after the other:\n", n, gib)
	for i, k := range kinds {
		spent := processorTime(t, k.servers) - before[i]
		fmt.Fprintf(w, "  %-13s %.2f s of processor time a GiB, %.2f ms a download, %d MiB of memory\n",
			k.what, spent.Seconds()/gib, float64(spent.Microseconds())/1000/n, memory(t, k.servers)>>20)
	}
	fmt.Fprintf(w, "  store         %.2f HEAD a download\n", float64(heads)/n)
}

// processorTime is what the servers have used, in user and system mode.
func processorTime(t *testing.T, servers []*server) time.Duration {
	t.Helper()
	var ticks int64
	for _, s := range servers {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.PID()))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, f := range fields[11:13] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * (time.Second / 100)
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// memory is what the servers have in memory, in bytes.
func memory(t *testing.T, servers []*server) int64 {
	t.Helper()
	var sum int64
	for _, s := range servers {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.PID()))
		if err != nil {
			t.Fatal(err)
		}
		m := resident.FindSubmatch(text)
		if m == nil {
			t.Fatalf("no VmRSS in %q", text)
		}
		n, err := strconv.ParseInt(string(m[1]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n << 10
	}
	return sum
}
