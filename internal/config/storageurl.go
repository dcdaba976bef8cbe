package config

import (
	"net/url"
	"strings"
)

// ParseURL parses the URL of a storage. The ARN of an access point of S3, as in
// s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports?region=eu-west-1,
// takes the place of the bucket, which no URL has room for.
func ParseURL(s string) (*url.URL, error) {
	rest, ok := strings.CutPrefix(s, "s3://")
	if !ok || !strings.HasPrefix(rest, "arn:") {
		return url.Parse(s)
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	arn, query, _ := strings.Cut(rest, "?")
	return &url.URL{Scheme: "s3", Host: arn, RawQuery: query, Fragment: fragment}, nil
}
