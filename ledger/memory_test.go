package ledger_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/ledgertest"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// A download is the same as long as the pause isn't longer than the window.
func TestMemoryOpen(t *testing.T) {
	m := ledger.NewMemory(nil)
	a := ledger.Download{Subject: "ann", Name: "a"}
	open := func(d ledger.Download, minute int) string {
		t.Helper()
		id, err := m.Open(t.Context(), d.What(), at(minute), 10*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := open(a, 0)
	if got := open(a, 10); got != first {
		t.Error("after a pause of the window it is another download")
	}
	if err := m.Add(t.Context(), ledger.Part{ID: first, Download: a, Kind: ledger.Streamed, Began: at(10), Time: at(60)}); err != nil {
		t.Fatal(err)
	}
	if got := open(a, 12); got != first {
		t.Error("beside a long answer it is another download")
	}
	if got := open(a, 70); got != first {
		t.Error("soon after a long answer it is another download")
	}
	second := open(a, 81)
	if second == first {
		t.Error("after a longer pause it is the same download")
	}
	for _, other := range []ledger.Download{
		{Subject: "bob", Name: "a"},
		{Subject: "ann", Name: "b"},
		{Subject: "ann", Name: "a", Source: "s3://bucket/a"},
	} {
		if open(other, 81) == second {
			t.Errorf("%v is the same download as %v", other, a)
		}
	}
}

func TestMemoryOpenAtOnce(t *testing.T) {
	m := ledger.NewMemory(nil)
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			ids[i], _ = m.Open(t.Context(), ledger.Download{Name: "a"}.What(), noon, time.Hour)
			m.Add(t.Context(), ledger.Part{ID: ids[i], Download: ledger.Download{Name: "a"}, Kind: ledger.Streamed, Time: noon, Size: -1})
		})
	}
	all.Wait()
	if e := m.Entries(); len(slices.Compact(ids)) != 1 || len(e) != 1 || e[0].Streamed != len(ids) {
		t.Errorf("IDs %q, entries %+v; want one of %d requests", ids, e, len(ids))
	}
}

// Parts go to the entry of their version.
func TestMemoryVersions(t *testing.T) {
	m := ledger.NewMemory(nil)
	add := func(kind ledger.Kind, version string, bytes int64) {
		t.Helper()
		p := ledger.Part{ID: "1", Kind: kind, Version: version, Size: 10, Bytes: bytes, Piece: ledger.Piece{End: bytes}, Time: noon}
		if err := m.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	add(ledger.HandedOver, "", 0) // the application didn't look at the file
	add(ledger.Logged, `"v1"`, 3)
	add(ledger.HandedOver, "", 0)
	add(ledger.Logged, `"v2"`, 10)
	add(ledger.Streamed, `"v1"`, 4)
	var got []string
	for _, e := range m.Entries() {
		got = append(got, fmt.Sprintf("%s %d %v %d %d %d", e.Version, e.Bytes, e.Complete, e.HandedOver, e.Logged, e.Streamed))
	}
	if want := []string{`"v2" 10 true 0 1 0`, `"v1" 7 false 2 1 1`}; !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
}

// What is dropped is handed on, and the memory has an end.
func TestMemoryIsBounded(t *testing.T) {
	var done []string
	m := ledger.NewMemory(&ledger.MemoryOptions{Most: 3, Keep: time.Hour, Done: func(e ledger.Entry) { done = append(done, e.ID+e.Version) }})
	add := func(id, version string, minute int) {
		t.Helper()
		if err := m.Add(t.Context(), ledger.Part{ID: id, Version: version, Kind: ledger.Logged, Time: at(minute)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range []string{"a", "b", "c", "a", "d"} {
		add(id, "", i)
	}
	if want := []string{"b"}; !slices.Equal(done, want) {
		t.Errorf("of four, %q was dropped, want %q", done, want)
	}
	add("e", "", 64) // an hour after d, so that a and c are over
	if want := []string{"b", "c", "a"}; !slices.Equal(done, want) {
		t.Errorf("after an hour, %q were dropped, want %q", done, want)
	}
	for i := range 17 {
		add("e", fmt.Sprint(i), 64)
	}
	if want := []string{"b", "c", "a", "e0"}; !slices.Equal(done, want) {
		t.Errorf("of 17 versions, %q were dropped, want %q", done, want)
	}
	m.Flush()
	if n := len(m.Entries()); n != 0 || len(done) != 4+1+16 {
		t.Errorf("after Flush there are %d entries, and %q were handed on", n, done)
	}
}

// A download that was dropped is opened anew, and doesn't take the new one with it.
func TestMemoryReopens(t *testing.T) {
	m := ledger.NewMemory(&ledger.MemoryOptions{Most: 2})
	d := ledger.Download{Name: "a"}
	first, _ := m.Open(t.Context(), d.What(), noon, time.Minute)
	second, _ := m.Open(t.Context(), d.What(), at(5), time.Minute)
	m.Open(t.Context(), ledger.Download{Name: "b"}.What(), at(5), time.Minute) // drops the first
	again, _ := m.Open(t.Context(), d.What(), at(5), time.Minute)
	if first == second || again != second {
		t.Errorf("IDs %q, %q, %q; want the last two to be the same", first, second, again)
	}
}

func TestScatteredPieces(t *testing.T) {
	m := ledger.NewMemory(nil)
	for i := range int64(ledger.MostPieces + 1) {
		m.Add(t.Context(), ledger.Part{ID: "1", Kind: ledger.Logged, Size: 1000, Bytes: 1, Piece: ledger.Piece{Start: 2 * i, End: 2*i + 1}, Time: noon})
	}
	e := m.Entries()[0]
	if !e.Scattered || len(e.Pieces) != ledger.MostPieces || e.Bytes != ledger.MostPieces+1 || e.Complete {
		t.Errorf("scattered %v, %d pieces, %d bytes, complete %v", e.Scattered, len(e.Pieces), e.Bytes, e.Complete)
	}
}

func TestMemory(t *testing.T) {
	m := ledger.NewMemory(nil)
	ledgertest.Run(t, ledgertest.Fixture{Store: m, Entries: func(_ testing.TB, id string) []ledger.Entry {
		return slices.DeleteFunc(m.Entries(), func(e ledger.Entry) bool { return e.ID != id })
	}})
}
