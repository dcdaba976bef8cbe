package config

import "testing"

func TestParseURL(t *testing.T) {
	for in, want := range map[string]struct{ host, query string }{
		"s3://reports?region=x": {"reports", "region=x"},
		"s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports?prefix=d/": {"arn:aws:s3:eu-west-1:123456789012:accesspoint/reports", "prefix=d/"},
		"s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports":           {"arn:aws:s3:eu-west-1:123456789012:accesspoint/reports", ""},
	} {
		u, err := ParseURL(in)
		if err != nil || u.Scheme != "s3" || u.Host != want.host || u.RawQuery != want.query || u.Path != "" || u.User != nil {
			t.Errorf("ParseURL(%q) = %+v, %v, want %+v", in, u, err, want)
		}
	}
	if u, err := ParseURL("gs://arn:aws:s3"); err == nil {
		t.Errorf("another scheme: %v, want an error", u)
	}
	for _, in := range []string{"s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports?region=eu-west-1", "s3://reports"} {
		if got, err := (&document{}).storageURL(in); got != in || err != nil {
			t.Errorf("storageURL(%q) = %q, %v", in, got, err)
		}
	}
	if _, err := (&document{}).storageURL("s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports?region="); err == nil {
		t.Error("an empty parameter behind an ARN is fine")
	}
}
