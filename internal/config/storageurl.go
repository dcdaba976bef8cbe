package config

import (
	"net/url"
	"strings"
)

// ParseURL parses the URL of a storage. In place of a bucket of S3 it accepts the ARN
// of an access point, which url.Parse refuses as a host, as in
// s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports?region=eu-west-1.
func ParseURL(s string) (*url.URL, error) {
	rest, ok := strings.CutPrefix(s, "s3://")
	if !ok || !strings.HasPrefix(rest, "arn:") {
		return url.Parse(s)
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	arn, query, _ := strings.Cut(rest, "?")
	return &url.URL{Scheme: "s3", Host: arn, RawQuery: query, Fragment: fragment}, nil
}
