package accel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// The search for the last of n rules, compared with a linear search. A file that no
// rule covers shows the cost of the search without the location, which is one
// allocation.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		rules := manyRules(n)
		a := newAccelerator(b, rules...)
		covered := local(rules[n-1].Source + "/2026/report.pdf")
		missing := local("/srv/tenants/nobody/media/2026/report.pdf")
		key := downloadview.Source{Scheme: "s3", Host: "bucket", Path: "tenants/nobody/media/2026/report.pdf"}
		b.Run(fmt.Sprintf("rules=%d/covered", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := a.Match(covered); !ok {
					b.Fatal("no match")
				}
			}
		})
		for name, src := range map[string]downloadview.Source{"missing": missing, "origin": key} {
			b.Run(fmt.Sprintf("rules=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := a.Match(src); ok {
						b.Fatal("match")
					}
				}
			})
		}
		b.Run(fmt.Sprintf("rules=%d/linear", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := linear(rules, covered.Path); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkOffload(b *testing.B) {
	a := newAccelerator(b, accel.Rule{Source: "/srv/media", Destination: "/_media/"})
	for name, path := range map[string]string{
		"ascii": "/srv/media/2026/report.pdf",
		"utf8":  "/srv/media/2026/Übersicht für März.pdf",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Offload(nil, local(path))
			}
		})
	}
}

func manyRules(n int) []accel.Rule {
	rules := make([]accel.Rule, n)
	for i := range rules {
		rules[i] = accel.Rule{
			Source:      fmt.Sprintf("/srv/tenants/%d/media", i),
			Destination: fmt.Sprintf("/_tenants/%d/", i),
		}
	}
	return rules
}

// linear compares a source with one rule after the other. To find the longest, the
// rules would also have to be sorted.
func linear(rules []accel.Rule, path string) (location string, ok bool) {
	for i := range rules {
		if rest, ok := strings.CutPrefix(path, rules[i].Source); ok && strings.HasPrefix(rest, "/") {
			return rules[i].Destination + rest[1:], true
		}
	}
	return "", false
}
