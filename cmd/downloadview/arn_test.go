//go:build unix

package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

const accessPoint = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/reports"

// Requests for the ARN of an access point go to its own host, in its own region.
func TestAccessPoint(t *testing.T) {
	var asked []string
	// As the proxy it sees where the program wants to go.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String(), r.Header.Get("Authorization"))
		fmt.Fprint(w, "content")
	}))
	defer proxy.Close()
	cmd := exec.Command(build(t), "serve", "--listen=127.0.0.1:0", accessPoint+"?region=us-east-1&prefix=d/&endpoint="+url.QueryEscape("http://s3.test"))
	cmd.Env = []string{
		"HOME=/nonexistent", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true", "HTTP_PROXY=" + proxy.URL,
	}
	base := startedAt(t, cmd)
	resp, err := http.Get(base + "/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || len(asked) != 2 {
		t.Fatalf("%s, asked %q", resp.Status, asked)
	}
	if want := "http://reports-123456789012.s3.test/d/a.txt?"; !strings.HasPrefix(asked[0], want) {
		t.Errorf("it asks %s, want %s", asked[0], want)
	}
	if !strings.Contains(asked[1], "/eu-west-1/s3/") {
		t.Errorf("it signs %s, want for eu-west-1", asked[1])
	}
}

// startedAt starts the program, and returns the address at which it listens. The
// program ends with the test.
func startedAt(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stderr).ReadString('\n')
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("it says %q, %v", line, err)
	}
	return base
}

func TestAccessPointURLs(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	u, err := config.ParseURL(accessPoint + "?region=us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	storage, release, err := open(t.Context(), u, reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	f, err := storage.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{
		"s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/reports?region=cn-north-1",
		"s3://arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
		"s3://arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/mine?fips=true",
		"s3://arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01/accesspoint/mine",
		"s3://arn:aws:s3-outposts:us-east-1:123456789012:outpost:op-01:accesspoint:mine",
		accessPoint + "?endpoint=http://s3.test&sign_endpoint=https://s3.test",
		"s3://a.b?region=nowhere-1",
		"s3://UPPER_x?region=us-east-1",
		"s3://mine--usw2-az1--x-s3?region=us-west-2",
		"s3://a?endpoint=http://127.0.0.1:9000&use_path_style=true&sign_endpoint=https://files.example.com",
		"s3://a?endpoint=http://minio:9000",
	} {
		u, err := config.ParseURL(place)
		if err == nil {
			err = check(u)
		}
		if err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
	signed, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	if want := "https://reports-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/a.txt?"; err != nil || !strings.HasPrefix(signed, want) {
		t.Errorf("signed URL %s, %v, want %s", signed, err, want)
	}
	for place, want := range map[string]string{
		"s3://arn:aws:s3": "which is not valid",
		"s3://arn:aws:iam::123456789012:role/reader":                                      "accesspoint/reports",
		"s3://arn:aws:s3:::bucket":                                                        "accesspoint/reports",
		accessPoint + "?use_path_style=true":                                              "use_path_style",
		accessPoint + "?regoin=x":                                                         `unknown parameter "regoin"`,
		accessPoint + "?accelerate=true":                                                  "do not support S3 Accelerate",
		accessPoint + "/more":                                                             "single resource component",
		"s3://arn:aws:s3:eu-west-1::accesspoint/reports":                                  "account id",
		"s3://arn:aws:s3:eu-west-1:123456789012:accesspoint":                              "no name was provided",
		"s3://arn:aws:s3express:us-west-2:123456789012:accesspoint/mine--usw2-az1--xa-s3": "leads to no host of S3",
		"s3://a?fips=true&endpoint=http://s3.test":                                        "cannot be combined with FIPS",
		"s3://a?dualstack=true&endpoint=http://s3.test":                                   "dual-stack",
		"s3://a?accelerate=true&sign_endpoint=http://s3.test":                             "S3 Accelerate",
		"s3://a.b?accelerate=true":                                                        "S3 Accelerate",
		"s3://a?accelerate=true&use_path_style=true":                                      "S3 Accelerate",
		"s3://a?region=US%20East":                                                         "leads to no host of S3",
		"s3://mine--x-s3":                                                                 "S3Express",
	} {
		u, err := config.ParseURL(place)
		if err == nil {
			if checked := check(u); checked == nil {
				t.Errorf("the check of %s finds nothing wrong", place)
			}
			_, _, err = open(t.Context(), u, reach())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", place, err, want)
		}
	}
}

// A rule covers the objects of an access point. The cache of the proxy and the signed
// URL have its own host.
func TestAccessPointRule(t *testing.T) {
	cmd := exec.Command(build(t), "explain", "--blind", "--accel=nginx", "--rule="+accessPoint+"/2026/=/_s3/", "--signed", accessPoint, "2026/a.pdf")
	cmd.Env = []string{"HOME=/nonexistent", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const place = "https://reports-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/2026/a.pdf"
	for _, want := range []string{"X-Accel-Redirect: /_s3/\n", "X-Download-Key: " + place + "\n", "X-Download-Url: " + place} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it says %s, want %q", out, want)
		}
	}
}

// An error has the ARN as it was written.
func TestAccessPointInError(t *testing.T) {
	out, err := exec.Command(build(t), "serve", accessPoint+"?prefix=2026").CombinedOutput()
	if want := `"` + accessPoint + `?prefix=2026": `; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("it says %s, %v, want %s", out, err, want)
	}
}
