package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
)

// check refuses the URLs that open refuses because the URL is wrong, in any environment,
// and no others.
func TestCheckIsThatOfOpen(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	for _, env := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AZURE_STORAGE_SAS_TOKEN"} {
		t.Setenv(env, "")
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", "a2V5")
	t.Setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
	for raw, wrong := range map[string]string{
		"s3://reports": "",
		"s3://reports?region=eu-west-1&anonymous=1": "",
		"s3://reports?regoin=eu-west-1":             `unknown parameter "regoin"`,
		"s3://reports?region=a&region=b":            `"region" twice`,
		"s3://reports?use_path_style=perhaps":       `use_path_style "perhaps"`,
		"s3://reports?endpoint=minio:9000":          "without a scheme",
		"s3://reports?sign_endpoint=minio:9000":     "without a scheme",
		"s3://reports?role=reader":                  `the role "reader"`,
		"s3://reports/2026":                         `path "/2026"`,
		"s3://?region=a":                            "names no bucket",
		"s3://reports?prefix=../x/":                 `prefix "../x/"`,
		"gs://reports?anonymous=1&prefix=2026/":     "",
		"gs://reports?anonymous=perhaps":            `anonymous "perhaps"`,
		"gs://reports?region=eu":                    `unknown parameter "region"`,
		"azblob://reports?protocol=http":            "",
		"azblob://reports?account=a":                `unknown parameter "account"`,
		"azblob://reports?cdn=perhaps":              `cdn "perhaps"`,
		"azblob://reports?protocol=ftp":             `protocol "ftp"`,
		"azblob://reports?domain=http://localhost":  "with a scheme",
		"file://" + dir:                             "",
		"file://" + dir + "?metadata=skip":          "",
		"file://" + dir + "?createdir=1":            `unknown parameter "createdir"`,
		"file://" + dir + "?sign_endpoint=http://a": `"sign_endpoint"`,
		"file://" + dir + "?prefix=/a/":             `prefix "/a/"`,
		"file://" + dir + "?metadata=none":          `metadata "none"; want skip`,
		"file://" + dir + "?dir_file_mode=rwx":      `dir_file_mode "rwx"`,
		"file://" + dir + "?dir_file_mode=0750":     "",
		"file://" + dir + "?base_url=http://a":      "one of base_url and secret_key_path",
		"file://localhost" + dir:                    "",
		"file://media":                              `names the host "media", not a folder; want an absolute path, such as file:///media`,
		"file://media/2026?prefix=a/":               "such as file:///media/2026",
		"file://":                                   "has no path",
		"file://?metadata=skip":                     "has no path",
		"file://" + dir + "#1":                      `has a "#"; want %23 in its place`,
		"mem://":                                    "",
		"mem://?prefix=a/":                          "",
		"mem://?region=here":                        `unknown parameter "region"`,
	} {
		err := check(parse(t, raw))
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("check of %s: %v, want %q", raw, err, wrong)
		}
		_, release, opened := open(t.Context(), parse(t, raw), reach())
		if opened == nil {
			release()
		}
		if (opened == nil) != (wrong == "") {
			t.Errorf("open of %s: %v, and the check says %v", raw, opened, err)
		}
	}
}

// config check reports the wrong URL of a bucket with its line. It needs no credentials
// and creates nothing.
func TestConfigCheckOfURLs(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.ToSlash(filepath.Join(dir, "missing"))
	file := filepath.Join(dir, "dv.yaml")
	text := "storages:\n  a: s3://reports?regoin=x\n  b: azblob://reports\n  c: file://" + missing + "?create_dir=1\n  d: mem://?x=y\n  e: " + accessPoint + "?regoin=x\n  f: " + accessPoint + "?use_path_style=true\n" +
		"mounts: {/a/: a, /b/: b, /c/: c, /d/: d, /e/: e, /f/: f}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status := command.Run(t.Context(), []string{"config", "check", file}, &stdout, &stderr, open, check)
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if status != 1 || len(lines) != 4 ||
		!strings.Contains(lines[0], `dv.yaml:2: storages.a: "s3://reports?regoin=x" has the unknown parameter "regoin"; want one of region,`) ||
		!strings.Contains(lines[1], `dv.yaml:5: storages.d: "mem://?x=y" has the unknown parameter "x"`) ||
		!strings.Contains(lines[2], `dv.yaml:6: storages.e: "`+accessPoint+`?regoin=x" has the unknown parameter "regoin"`) ||
		!strings.Contains(lines[3], `dv.yaml:7: storages.f: "`+accessPoint+`?use_path_style=true" has both use_path_style and the ARN`) {
		t.Errorf("status %d, stderr:\n%s", status, stderr.String())
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v, want it not made", missing, err)
	}
}
