// Package ledgertest tests stores of entries: the [ledger.Store] of a ledger.
package ledgertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview/ledger"
)

// A Fixture is a store to test.
type Fixture struct {
	Store ledger.Store

	// Entries returns the entries with an ID, in any order.
	Entries func(t testing.TB, id string) []ledger.Entry
}

// Run tests a store, as subtests of t. It uses random subjects and IDs, so that the store
// may be one that is in use.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"a window", window},
		{"a clock that was wrong", wrongClock},
		{"others", others},
		{"opened at once", atOnce},
		{"an entry", entry},
		{"parts at once", partsAtOnce},
		{"versions", versions},
		{"many versions", manyVersions},
		{"an unknown ID", unknownID},
		{"an ID that was replaced", replacedID},
		{"lines again", linesAgain},
		{"many pieces", manyPieces},
		{"odd text", oddText},
		{"done context", doneContext},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, f) })
	}
}

// noon is the beginning of each test. Its microseconds must be kept.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// download returns one that no other test uses.
func download() ledger.Download {
	return ledger.Download{Subject: "ledgertest-" + rand.Text(), Name: "a.pdf", Source: "/srv/a.pdf"}
}

func (f Fixture) open(t testing.TB, d ledger.Download, began time.Time, window time.Duration) string {
	t.Helper()
	id, err := f.Store.Open(t.Context(), d.What(), began, window)
	if err != nil || id == "" {
		t.Fatalf("Open(%+v) = %q, %v", d, id, err)
	}
	return id
}

func (f Fixture) add(t testing.TB, p ledger.Part) {
	t.Helper()
	if p.Kind != ledger.Logged { // of a proxy's line, the ID alone is known
		p.What = p.Download.What()
	}
	if err := f.Store.Add(t.Context(), p); err != nil {
		t.Fatalf("Add(%+v): %v", p, err)
	}
}

// only returns the single entry with an ID.
func (f Fixture) only(t testing.TB, id string) ledger.Entry {
	t.Helper()
	all := f.Entries(t, id)
	if len(all) != 1 {
		t.Fatalf("%d entries, want one: %+v", len(all), all)
	}
	return all[0]
}

func window(t *testing.T, f Fixture) {
	d := download()
	first := f.open(t, d, noon, 10*time.Minute)
	if got := f.open(t, d, at(10), 10*time.Minute); got != first {
		t.Error("after a pause of the window it is another download")
	}
	if got := f.open(t, d, at(3), 10*time.Minute); got != first {
		t.Error("a request that came earlier is another download")
	}
	f.add(t, ledger.Part{ID: first, Download: d, Kind: ledger.Streamed, Began: at(10), Time: at(60), Size: -1})
	if got := f.open(t, d, at(70), 10*time.Minute); got != first {
		t.Error("soon after a long answer it is another download")
	}
	if got := f.open(t, d, at(70).Add(10*time.Minute+time.Microsecond), 10*time.Minute); got == first {
		t.Error("after a longer pause it is the same download")
	}
}

func wrongClock(t *testing.T, f Fixture) {
	d := download()
	now := time.Now().Truncate(time.Microsecond)
	wrong := f.open(t, d, now.AddDate(10, 0, 0), time.Hour)
	if got := f.open(t, d, now.AddDate(10, 0, 0), time.Hour); got != wrong {
		t.Error("as long as the clock is wrong, each request is another download")
	}
	first := f.open(t, d, now, time.Hour)
	if first == wrong {
		t.Error("after the clock was set back it is the same download")
	}
	f.add(t, ledger.Part{ID: first, Download: d, Kind: ledger.Streamed, Began: now, Time: now, Size: -1})
	if got := f.open(t, d, now.Add(time.Minute), time.Hour); got != first {
		t.Error("the next request is another download")
	}
}

func others(t *testing.T, f Fixture) {
	d := download()
	first := f.open(t, d, noon, time.Hour)
	for _, change := range []func(*ledger.Download){
		func(d *ledger.Download) { d.Subject += "x" },
		func(d *ledger.Download) { d.Name += "x" },
		func(d *ledger.Download) { d.Source = "" },
		func(d *ledger.Download) { d.Subject, d.Name = d.Subject+d.Name, "" },
	} {
		other := d
		change(&other)
		if f.open(t, other, noon, time.Hour) == first {
			t.Errorf("%+v is the same download as %+v", other, d)
		}
	}
}

func atOnce(t *testing.T, f Fixture) {
	d := download()
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			var err error
			if ids[i], err = f.Store.Open(t.Context(), d.What(), noon, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if slices.Sort(ids); len(slices.Compact(ids)) != 1 {
		t.Errorf("IDs %q, want one", ids)
	}
}

func entry(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.HandedOver, Began: noon, Time: noon, Size: -1})
	if e := f.only(t, id); e.Size != -1 || e.HandedOver != 1 || e.Version != "" || !e.EndedAt.IsZero() || !e.First.Equal(noon) {
		t.Errorf("after a hand-over: %+v", e)
	}
	f.add(t, ledger.Part{
		ID: id, Download: ledger.Download{Subject: "192.0.2.7", Name: "/_media/a.pdf"}, Kind: ledger.Logged, Began: noon, Time: at(1),
		Version: `"v1"`, Size: 100, Bytes: 60, Piece: ledger.Piece{End: 60}, Ended: ledger.Cut,
	})
	if e := f.only(t, id); e.Ended != ledger.Cut || e.Complete || e.Logged != 1 || !e.EndedAt.Equal(at(1)) || !slices.Equal(e.Pieces, []ledger.Piece{{End: 60}}) {
		t.Errorf("after an answer that was cut: %+v", e)
	}
	f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Redirected, Began: at(2), Time: at(2), Size: -1})
	f.add(t, ledger.Part{
		ID: id, Download: d, Kind: ledger.Streamed, Began: at(2), Time: at(3), Version: `"v1"`, Size: 100, Bytes: 50, Piece: ledger.Piece{Start: 50, End: 100},
	})
	e := f.only(t, id)
	if e.ID != id || e.Download != d || e.Version != `"v1"` || e.Size != 100 || e.Bytes != 110 || !e.Complete || e.Scattered {
		t.Errorf("in the end: %+v", e)
	}
	if e.Streamed != 1 || e.HandedOver != 1 || e.Logged != 1 || e.Redirected != 1 || e.Requests() != 3 || e.Ended != "" {
		t.Errorf("its requests: %+v", e)
	}
	if !e.First.Equal(noon) || !e.Last.Equal(at(3)) {
		t.Errorf("from %v to %v, want %v and %v", e.First, e.Last, noon, at(3))
	}
}

func partsAtOnce(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	const n = 20
	var all sync.WaitGroup
	for i := range int64(n) {
		all.Go(func() {
			p := ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: at(1), Version: `"v1"`, Size: 10 * n, Bytes: 10, Piece: ledger.Piece{Start: 10 * i, End: 10*i + 10}}
			if err := f.Store.Add(t.Context(), p); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if e := f.only(t, id); !e.Complete || e.Bytes != 10*n || e.Streamed != n {
		t.Errorf("%d parts are %+v", n, e)
	}
}

func versions(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	add := func(kind ledger.Kind, minute int, version string, bytes int64) {
		t.Helper()
		f.add(t, ledger.Part{ID: id, Download: d, Kind: kind, Began: at(minute), Time: at(minute), Version: version, Size: 10, Bytes: bytes, Piece: ledger.Piece{End: bytes}})
	}
	add(ledger.HandedOver, 1, "", 0)
	add(ledger.Logged, 2, `"v1"`, 3)
	add(ledger.HandedOver, 3, "", 0)
	add(ledger.Logged, 4, `"v2"`, 10)
	add(ledger.Streamed, 5, `"v1"`, 4)
	add(ledger.HandedOver, 6, "", 0) // goes to v1, which was used last
	var got []string
	for _, e := range f.Entries(t, id) {
		got = append(got, fmt.Sprintf("%s %d %v %d %d %d", e.Version, e.Bytes, e.Complete, e.HandedOver, e.Logged, e.Streamed))
	}
	slices.Sort(got)
	if want := []string{`"v1" 7 false 3 1 1`, `"v2" 10 true 0 1 0`}; !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
}

// A client that asks again and again for a file that changes as often, such as a playlist
// of a live stream, has several downloads.
func manyVersions(t *testing.T, f Fixture) {
	d := download()
	d.Name = strings.Repeat("n", 1024-len(d.Source))
	ids := map[string]bool{}
	const n = 3*ledger.MostVersions + 1
	for i := range n {
		version := fmt.Sprintf(`"%d"`, i)
		id := f.open(t, d, at(i), time.Hour)
		ids[id] = true
		for range 2 {
			f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: at(i), Time: at(i), Version: version, Size: 10, Bytes: 5, Piece: ledger.Piece{End: 5}})
		}
		if !slices.ContainsFunc(f.Entries(t, id), func(e ledger.Entry) bool { return e.Version == version && e.Bytes == 10 }) {
			t.Fatalf("no entry of version %s", version)
		}
	}
	all := 0
	for id := range ids {
		entries := f.Entries(t, id)
		if len(entries) > ledger.MostVersions {
			t.Errorf("a download has %d entries, want at most %d", len(entries), ledger.MostVersions)
		}
		all += len(entries)
	}
	if all != n {
		t.Errorf("%d entries, want %d", all, n)
	}
	id := f.open(t, d, at(n), time.Hour)
	if again := f.open(t, d, at(n+1), time.Hour); again != id {
		t.Error("a download of few versions doesn't go on")
	}
}

func unknownID(t *testing.T, f Fixture) {
	id := "ledgertest-" + rand.Text()
	d := ledger.Download{Subject: "192.0.2.7", Name: "/_media/a.pdf"}
	p := ledger.Part{ID: id, Download: d, Kind: ledger.Logged, Began: noon, Time: noon, Version: `"v1"`, Size: 10, Bytes: 5, Piece: ledger.Piece{End: 5}}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := f.Store.Add(t.Context(), p); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if e := f.only(t, id); e.Download != d || e.Bytes != 20 || e.Logged != 4 {
		t.Errorf("%+v", e)
	}
}

// A line of the proxy's log comes when its download is over, and the same one was begun
// again.
func replacedID(t *testing.T, f Fixture) {
	d := download()
	first := f.open(t, d, noon, time.Minute)
	second := f.open(t, d, at(5), time.Minute)
	f.add(t, ledger.Part{ID: first, Download: d, Kind: ledger.Logged, Began: noon, Time: at(6), Size: -1, Bytes: 5})
	if e := f.only(t, first); e.Bytes != 5 {
		t.Errorf("the first: %+v", e)
	}
	if all := f.Entries(t, second); len(all) != 0 {
		t.Errorf("the second: %+v", all)
	}
	if got := f.open(t, d, at(5), time.Minute); got != second {
		t.Error("the line of the first download opened a third")
	}
}

// A line of a log that is added again doesn't count again, unless the entry has lines of
// many other logs since.
func linesAgain(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	add := func(log string, offset int64) {
		t.Helper()
		f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Logged, Began: noon, Time: noon, Version: `"v1"`, Size: 100, Bytes: 10, Log: ledger.Position{Head: log, Offset: offset}})
	}
	for range 2 {
		add("a", 100)
		add("a", 200)
		add("b", 50)
	}
	add("", 50)
	add("", 50)
	if e := f.only(t, id); e.Logged != 5 || e.Bytes != 50 || !slices.Equal(e.Logs, []ledger.Position{{Head: "a", Offset: 200}, {Head: "b", Offset: 50}}) {
		t.Errorf("%+v", e)
	}
	for i := range ledger.MostLogs {
		add(fmt.Sprint(i), 1)
	}
	if e := f.only(t, id); e.Logged != 5+ledger.MostLogs || len(e.Logs) != ledger.MostLogs || e.Logs[0].Head != "0" {
		t.Errorf("%+v", e)
	}
}

func manyPieces(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	for i := range int64(ledger.MostPieces + 1) {
		f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: noon, Size: 1 << 40, Bytes: 1, Piece: ledger.Piece{Start: i << 20, End: i<<20 + 1}})
	}
	if e := f.only(t, id); !e.Scattered || len(e.Pieces) != ledger.MostPieces || e.Bytes != ledger.MostPieces+1 {
		t.Errorf("scattered %v, %d pieces, %d bytes", e.Scattered, len(e.Pieces), e.Bytes)
	}
}

// Names may have all bytes but those that UTF-8 doesn't allow, and zero.
func oddText(t *testing.T, f Fixture) {
	d := download()
	d.Name = "ä'\"\\\n\u202e;-- %s $1 ?"
	id := f.open(t, d, noon, time.Hour)
	f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: noon, Version: `"'ä"`, Size: -1})
	if e := f.only(t, id); e.Download != d || e.Version != `"'ä"` {
		t.Errorf("%+v, want %+v", e, d)
	}
	// Others are kept in some form, and are no error.
	d.Name = "a\xff\x00b"
	id = f.open(t, d, noon, time.Hour)
	f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: noon, Version: "\"\xff\x00\"", Size: -1, Bytes: 1})
	f.add(t, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: noon, Version: "\"\xff\x00\"", Size: -1, Bytes: 1})
	if e := f.only(t, id); e.Bytes != 2 {
		t.Errorf("%+v", e)
	}
}

// A store that asks somebody else ends with the context, and leaves nothing half done.
func doneContext(t *testing.T, f Fixture) {
	d := download()
	id := f.open(t, d, noon, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := f.Store.Add(ctx, ledger.Part{ID: id, Download: d, Kind: ledger.Streamed, Began: noon, Time: noon, Size: -1})
	if all := f.Entries(t, id); (err == nil) != (len(all) == 1) {
		t.Errorf("Add: %v, and the entries are %+v", err, all)
	}
}
