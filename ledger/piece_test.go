package ledger

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// join is compared with a map of all bytes.
func TestJoin(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var got []Piece
		var has [64]bool
		for range 12 {
			start := random.Int64N(60)
			p := Piece{start, start + random.Int64N(5)}
			var ok bool
			if got, ok = join(got, p, 100); !ok {
				t.Fatalf("%v did not fit", p)
			}
			for i := p.Start; i < p.End; i++ {
				has[i] = true
			}
			if want := piecesOf(has[:]); !slices.Equal(got, want) {
				t.Fatalf("after %v: %v, want %v", p, got, want)
			}
		}
	}
}

func piecesOf(has []bool) []Piece {
	var all []Piece
	for i, h := range has {
		switch {
		case !h:
		case i > 0 && has[i-1]:
			all[len(all)-1].End++
		default:
			all = append(all, Piece{int64(i), int64(i) + 1})
		}
	}
	return all
}

// If there are as many pieces as fit, one that touches another is still joined.
func TestJoinIsBounded(t *testing.T) {
	var got []Piece
	for i := range int64(3) {
		got, _ = join(got, Piece{i * 10, i*10 + 1}, 3)
	}
	got, ok := join(got, Piece{5, 6}, 3)
	if want := []Piece{{0, 1}, {10, 11}, {20, 21}}; ok || !slices.Equal(got, want) {
		t.Errorf("a fourth piece: %v %v, want %v false", got, ok, want)
	}
	got, ok = join(got, Piece{1, 10}, 3)
	if want := []Piece{{0, 11}, {20, 21}}; !ok || !slices.Equal(got, want) {
		t.Errorf("the bytes between: %v %v, want %v true", got, ok, want)
	}
	got, ok = join(got, Piece{0, 30}, 3)
	if want := []Piece{{0, 30}}; !ok || !slices.Equal(got, want) {
		t.Errorf("all: %v %v, want %v true", got, ok, want)
	}
}

func TestParseContentRange(t *testing.T) {
	for _, tt := range []struct {
		s    string
		want Piece
		size int64
		ok   bool
	}{
		{"bytes 0-9/20", Piece{0, 10}, 20, true},
		{"bytes 19-19/20", Piece{19, 20}, 20, true},
		{"bytes 5-9/*", Piece{5, 10}, -1, true},
		{"bytes */20", Piece{}, -1, false}, // of a 416
		{"bytes 9-5/20", Piece{}, -1, false},
		{"bytes 0-20/20", Piece{}, -1, false},
		{"bytes 0-9", Piece{}, -1, false},
		{"bytes -9/20", Piece{}, -1, false},
		{"bytes +0-9/20", Piece{}, -1, false},
		{"bytes 0-9223372036854775807/*", Piece{}, -1, false},
		{"items 0-9/20", Piece{}, -1, false},
		{"", Piece{}, -1, false},
	} {
		got, size, ok := parseContentRange(tt.s)
		if got != tt.want || size != tt.size || ok != tt.ok {
			t.Errorf("parseContentRange(%q) = %v %d %v, want %v %d %v", tt.s, got, size, ok, tt.want, tt.size, tt.ok)
		}
	}
}
