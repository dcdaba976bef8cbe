package accel_test

import (
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// The ARN of an access point stands for a bucket and has a slash in it. A rule covers
// the files whose sources begin with its own, as the texts say.
func TestAccessPoint(t *testing.T) {
	const point, other = "arn:aws:s3:eu-west-1:123456789012:accesspoint/reports", "arn:aws:s3:eu-west-1:123456789012:accesspoint/reports2"
	a := newAccelerator(t,
		accel.Rule{Source: "s3://" + point, Destination: "/_s3/"},
		accel.Rule{Source: "s3://" + point + "/2026/", Destination: "/_2026/"})
	for _, tt := range []struct {
		host, path string
		want       string
	}{
		{point, "a.pdf", "/_s3/a.pdf"},
		{point, "2026/a.pdf", "/_2026/a.pdf"},
		{point, "2025/a.pdf", "/_s3/2025/a.pdf"},
		{point, "2026//a.pdf", ""},
		{point, "", ""},
		{other, "a.pdf", ""},
		{"arn:aws:s3:eu-west-1:123456789012:accesspoint", "reports", ""},
		{"reports", "a.pdf", ""},
	} {
		src := downloadview.Source{Scheme: "s3", Host: tt.host, Path: tt.path}
		if got, ok := a.Match(src); got != tt.want || ok != (tt.want != "") {
			t.Errorf("Match(%s) = %q, %v, want %q", src, got, ok, tt.want)
		}
	}
	const outpost = "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01/accesspoint/reports"
	a = newAccelerator(t, accel.Rule{Source: "s3://" + outpost + "/2026", Destination: "/_2026/"})
	src := downloadview.Source{Scheme: "s3", Host: outpost, Path: "2026/a.pdf"}
	if got, ok := a.Match(src); got != "/_2026/a.pdf" || !ok {
		t.Errorf("Match(%s) = %q, %v", src, got, ok)
	}
	src.Path = "2025/a.pdf"
	if _, source, shared := a.Nearest(src); source != "s3://"+outpost+"/2026" || shared != len("s3://"+outpost+"/") {
		t.Errorf("the rule nearest to %s is that for %s, and %d bytes are the same", src, source, shared)
	}
}
