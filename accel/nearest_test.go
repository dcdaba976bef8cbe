package accel_test

import (
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

func TestNearest(t *testing.T) {
	a, err := accel.New(accel.Nginx(),
		[]accel.Rule{
			{Name: "media", Source: "/srv/media", Destination: "/_media/"},
			{Name: "mediation", Source: "/srv/mediation", Destination: "/_mediation/"},
			{Name: "deep", Source: "/srv/media/2026/reports", Destination: "/_deep/"},
			{Name: "s3", Source: "s3://reports/2026", Destination: "/_s3/"},
			{Name: "gs", Source: "gs://reports", Destination: "/_gs/"},
		}, nil)
	if err != nil {
		t.Fatal(err)
	}
	local := func(path string) downloadview.Source { return downloadview.Source{Scheme: "file", Path: path} }
	for _, test := range []struct {
		src          downloadview.Source
		name, source string
		shared       int
	}{
		{local("/srv/medai/a.txt"), "media", "/srv/media", len("/srv/")},
		{local("/srv/mediatio/a.txt"), "mediation", "/srv/mediation", len("/srv/")},
		{local("/srv/media/2026/report/a"), "deep", "/srv/media/2026/reports", len("/srv/media/2026/")},
		{local("/srv/media"), "media", "/srv/media", len("/srv/")},
		{local("/mnt/a.txt"), "media", "/srv/media", len("/")},
		{downloadview.Source{Scheme: "s3", Host: "reports", Path: "2025/a"}, "s3", "s3://reports/2026", len("s3://reports/")},
		{downloadview.Source{Scheme: "gs", Host: "report", Path: "a"}, "gs", "gs://reports/", len("gs://")},
	} {
		name, source, shared := a.Nearest(test.src)
		if name != test.name || source != test.source || shared != test.shared {
			t.Errorf("Nearest(%v) = %q, %q, %d; want %q, %q, %d", test.src, name, source, shared, test.name, test.source, test.shared)
		}
	}
	none, err := accel.New(accel.Nginx(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, source, shared := none.Nearest(local("/a")); shared != -1 {
		t.Errorf("without rules: %q, %q, %d; want -1", name, source, shared)
	}
}
