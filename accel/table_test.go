package accel

import (
	"fmt"
	"testing"

	"github.com/downloadview/downloadview"
)

// The search alone, without the location.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		var t table
		for i := range n {
			t.add(local, fmt.Sprintf("srv/tenants/%d/media", i), new(rule))
			t.add(origin{"s3", "bucket"}, fmt.Sprintf("tenants/%d/media", i), new(rule))
		}
		for name, src := range map[string]downloadview.Source{
			"local":   {Scheme: "file", Path: fmt.Sprintf("/srv/tenants/%d/media/2026/report.pdf", n-1)},
			"bucket":  {Scheme: "s3", Host: "bucket", Path: fmt.Sprintf("tenants/%d/media/2026/report.pdf", n-1)},
			"nothing": {Scheme: "file", Path: "/srv/tenants/nobody/media/2026/report.pdf"},
		} {
			b.Run(fmt.Sprintf("rules=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if r, _ := t.find(src); (r == nil) != (name == "nothing") {
						b.Fatal(r)
					}
				}
			})
		}
	}
}
