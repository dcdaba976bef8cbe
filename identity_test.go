package downloadview

import "testing"

type ofStore struct {
	File
	id string
}

func (f ofStore) Identity() (string, bool) { return f.id, f.id != "" }

func TestHandoverCovers(t *testing.T) {
	for _, tt := range []struct {
		store, id string
		want      bool
	}{
		{"", "", true},
		{"", "https://s/b/k", true},
		{"https://s/b", "https://s/b/k", true},
		{"https://s/b/", "https://s/b/k", true},
		{"https://s/b/k", "https://s/b/k", true},
		{"https://s/b", "https://s/bb/k", false},
		{"https://s/b", "https://s2/b/k", false},
		{"https://s/b", "", false},
	} {
		h := Handover{Terms: &Terms{Store: tt.store}}
		var f File = FromString("k", "", nil)
		if tt.id != "" {
			f = ofStore{f, tt.id}
		}
		if got := h.Covers(f); got != tt.want {
			t.Errorf("a handover for %q covers %q: %v, want %v", tt.store, tt.id, got, tt.want)
		}
	}
}
