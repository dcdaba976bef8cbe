package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

// A site with a bucket, a mount and a rule for each of its tenants is checked in a time that
// grows as their number, at the start and each time that the file is read again.
func TestManyTenants(t *testing.T) {
	allocations := func(tenants int) float64 {
		var storages, mounts, rules strings.Builder
		for i := range tenants {
			fmt.Fprintf(&storages, "  t%d: s3://tenant%[1]d?region=eu-west-1\n", i)
			fmt.Fprintf(&mounts, "  /t%d/: t%[1]d\n", i)
			fmt.Fprintf(&rules, "- {id: t%d, source: s3://tenant%[1]d, destination: /_t%[1]d/, signed: {}}\n", i)
		}
		c, err := config.Parse("/dv.yaml", []byte("storages:\n"+storages.String()+"mounts:\n"+mounts.String()+"proxies: {front: nginx}\nrules:\n"+rules.String()))
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(1, func() {
			if _, err := accelerate(c); err != nil {
				t.Error(err)
			}
			if wrong := review(c, nil); wrong != nil {
				t.Error(wrong)
			}
		})
	}
	few, many := allocations(25), allocations(200)
	if many > 2*8*few {
		t.Errorf("%.0f allocations for 200 tenants and %.0f for 25: %.0f times as many, want 8 times", many, few, many/few)
	}
}
