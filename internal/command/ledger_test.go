package command

import (
	"bufio"
	"bytes"
	"io"
	"runtime"
	"strconv"
	"testing"
)

// A longLog is a log of some lines: each download has four ranges, and a hundred
// downloads are under way at once.
type longLog struct {
	lines   int
	written int
	rest    []byte
	each    func() // called every 50000 lines
}

func (l *longLog) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.written == l.lines {
			return 0, io.EOF
		}
		const atOnce, ranges = 100, 4
		group, in := l.written/(atOnce*ranges), l.written%(atOnce*ranges)
		id, i := group*atOnce+in%atOnce, in/atOnce
		number := func(text string, n int) {
			l.rest = strconv.AppendInt(append(l.rest, text...), int64(n), 10)
		}
		l.rest = l.rest[:0]
		number("downloadview/nginx ", 1795694400+l.written/1000)
		number(" 0.500 ABCDEFGHIJKLMNOPQRST", id)
		number(" GET 206 250 - \"OK\" \"bytes ", 250*i)
		number("-", 250*i+249)
		number("/1000\" \"250\" \"\\x226553f100-3e8\\x22\" 192.0.2.", id%256)
		number(" \"/_media/", id)
		l.rest = append(l.rest, ".pdf\"\n"...)
		if l.written++; l.each != nil && l.written%50_000 == 0 {
			l.each()
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// 200000 lines, of 50000 downloads, need no more memory than the downloads that are open.
func TestALongLogNeedsLittleMemory(t *testing.T) {
	const lines, most = 200_000, 8 << 20
	printed := &countedLines{}
	out := bufio.NewWriter(printed)
	open := 1000
	l := (&foldLogs{Open: &open}).fold(out)
	grown, err := readLongLog(l, lines)
	l.ended = true
	l.entries.Flush()
	out.Flush()
	if err != nil || l.lines != lines || l.ours != l.lines || l.wrong != 0 {
		t.Errorf("%d lines, %d of the ledger, %d wrong, %v", l.lines, l.ours, l.wrong, err)
	}
	if want := lines/4 + 1; printed.lines != want {
		t.Errorf("%d lines were printed, want %d", printed.lines, want)
	}
	// 1000 downloads take 600 kB; all of them would take 30 MB.
	if grown > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, most)
	}
}

// readLongLog reads a log and returns by how many bytes the heap grew meanwhile.
func readLongLog(l *logFold, lines int) (grown int64, err error) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most := heap(), int64(0)
	err = l.read(&longLog{lines: lines, each: func() { most = max(most, heap()) }}, "log")
	return most - before, err
}

type countedLines struct{ lines int }

func (c *countedLines) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// A million lines become 250000 entries. The metric lines/s is the rate, and heap-bytes
// says by how much the heap grew, with 1000 downloads open.
func BenchmarkLedger(b *testing.B) {
	for _, json := range []bool{false, true} {
		b.Run(map[bool]string{false: "table", true: "json"}[json], func(b *testing.B) {
			const lines = 1_000_000
			open, most := 1000, int64(0)
			for b.Loop() {
				l := (&foldLogs{JSON: json, Open: &open}).fold(bufio.NewWriter(io.Discard))
				grown, err := readLongLog(l, lines)
				if err != nil {
					b.Fatal(err)
				}
				most = max(most, grown)
				l.entries.Flush()
			}
			b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
			b.ReportMetric(float64(most), "heap-bytes")
		})
	}
}
