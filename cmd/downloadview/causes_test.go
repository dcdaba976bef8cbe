package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withoutCredentials clears the credentials that the clouds' SDKs find in the
// environment.
func withoutCredentials(t *testing.T) {
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"STORAGE_EMULATOR_HOST", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	t.Setenv("HOME", t.TempDir())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A missing file of credentials is not taken for the requested file: the answer is 502,
// and the log has the reason, once.
func TestMissingCredentialFiles(t *testing.T) {
	token := filepath.Join(t.TempDir(), "missing-token")
	for _, tt := range []struct {
		name, where, says string
		set               func(t *testing.T)
	}{
		{"s3 web identity", "s3://b?region=us-east-1", token, func(t *testing.T) {
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
		}},
		{"s3 sign-on", "s3://b?profile=sso", "sso", func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", write(t, "config", "[profile sso]\nregion=us-east-1\nsso_start_url=https://sso.test/start\n"+
				"sso_region=us-east-1\nsso_account_id=123456789012\nsso_role_name=reader\n"))
		}},
		{"s3 sign-on session", "s3://b?profile=sso", "sso", func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", write(t, "config", "[profile sso]\nregion=us-east-1\nsso_session=s\n"+
				"sso_account_id=123456789012\nsso_role_name=reader\n[sso-session s]\nsso_region=us-east-1\nsso_start_url=https://sso.test/start\n"))
		}},
		{"gs external account", "gs://b", token, func(t *testing.T) {
			text, err := json.Marshal(map[string]any{
				"type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
				"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
				"credential_source": map[string]string{"file": token},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", write(t, "credentials.json", string(text)))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withoutCredentials(t)
			tt.set(t)
			l := serve(t, "--tries=1", tt.where)
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				path := "/" + method + ".txt"
				if got := l.ask(t, method, path); got.StatusCode != http.StatusBadGateway {
					t.Errorf("%s: %d, want 502", method, got.StatusCode)
					continue
				}
				line := l.await(t, nil, "path="+path)
				if !strings.Contains(line, "level=ERROR") || !strings.Contains(line, tt.says) {
					t.Errorf("%s: the log says %q, want an error about %s", method, line, tt.says)
				}
			}
			if n := strings.Count(l.log(), "level=ERROR"); n != 2 && !t.Failed() {
				t.Errorf("%d errors in the log, want one for each request", n)
			}
		})
	}
}

// A missing bucket is 404, as a missing object is, but the log says that it is the
// bucket. Google tells the difference only for a listing.
func TestMissingBucket(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		where := c.scheme + "://nowhere" + c.at(t, c.faults.URL)
		listing := serve(t, "--index", "--tries=1", where)
		checkMissingBucket(t, listing, "/")
		if c.scheme != "gs" {
			checkMissingBucket(t, serve(t, "--tries=1", where), "/a.txt")
		}
	})
}

func checkMissingBucket(t *testing.T, l *living, path string) {
	t.Helper()
	for range 3 {
		if got := l.get(t, path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.StatusCode)
		}
		line := l.await(t, nil, "msg=request method=GET path="+path+" ")
		if !strings.Contains(line, "error=") || !strings.Contains(line, "no such bucket") {
			t.Errorf("%s: the log says %q, want that there is no such bucket", path, line)
		}
	}
	if n := strings.Count(l.log(), `level=ERROR msg="the bucket is missing"`); n != 1 {
		t.Errorf("%s: the log tells %d times that the bucket is missing, want once", path, n)
	}
}
