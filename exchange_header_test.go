package downloadview

import (
	"strings"
	"testing"
)

// The result for a byte doesn't depend on its position or on the bytes beside it.
func TestHasControl(t *testing.T) {
	for c := range 256 {
		want := c < ' ' || c == 0x7f
		for _, beside := range []string{"a", " ", "~", "\x80", "\xff"} {
			for length := range 20 {
				text := strings.Repeat(beside, length)
				for at := range length + 1 {
					if s := text[:at*len(text)/max(length, 1)] + string([]byte{byte(c)}) + text; hasControl(s) != want {
						t.Fatalf("hasControl(%q) = %v", s, !want)
					}
				}
				if hasControl(text) {
					t.Fatalf("hasControl(%q) = true", text)
				}
			}
		}
	}
}
