package main

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/s3test"
)

// A rule for a bucket gives nginx the key or, with --signed, the URL to fetch. explain
// doesn't show its signature.
func TestExplainBucketRules(t *testing.T) {
	server := s3test.Start(t)
	server.Put(t, "2026/a b.txt", []byte("0123456789"))
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	bucket := "s3://" + server.Bucket + "?region=" + server.Region + "&use_path_style=true&endpoint=" + url.QueryEscape(server.Counted)
	args := []string{"explain", "--accel=nginx", "--rule=s3://" + server.Bucket + "/2026=/_s3/", bucket, "2026/a b.txt"}
	for _, tt := range []struct {
		name string
		args []string
		want []string
		not  string
	}{
		{"plain", args, []string{"\nmode:   offload\n", "\nX-Accel-Redirect: /_s3/a%20b.txt\n"}, "X-Download-Url"},
		{"signed", append([]string{args[0], "--signed"}, args[1:]...), []string{
			"\nmode:   offload\n", "\nX-Accel-Redirect: /_s3/\n", "\nX-Download-Url: http", "/2026/a%20b.txt\n",
		}, "Signature"},
	} {
		var stdout, stderr bytes.Buffer
		if status := command.Run(t.Context(), tt.args, &stdout, &stderr, open); status != 0 {
			t.Errorf("%s: status %d, %s", tt.name, status, &stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, &stdout)
			}
		}
		if strings.Contains(stdout.String(), tt.not) {
			t.Errorf("%s: %q in\n%s", tt.name, tt.not, &stdout)
		}
	}
}
