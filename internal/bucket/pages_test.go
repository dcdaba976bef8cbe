package bucket

import (
	"fmt"
	"testing"
)

func TestPages(t *testing.T) {
	var ends Pages
	for i := range 10000 {
		if err := ends.Next(fmt.Sprint(i)); err != nil {
			t.Fatalf("page %d: %v, though all are different", i, err)
		}
	}
	for _, before := range []int{0, 1, 5, 100} {
		for _, circle := range []int{1, 2, 3, 7, 100} {
			var p Pages
			at := 0
			for p.Next(fmt.Sprint(min(at, before)+max(0, at-before)%circle)) == nil {
				at++
				if at > 3*(before+circle)+1 {
					t.Fatalf("a circle of %d after %d pages isn't found in %d", circle, before, at)
				}
			}
			if at < before+circle {
				t.Errorf("a circle of %d after %d pages is found after %d", circle, before, at)
			}
		}
	}
}
