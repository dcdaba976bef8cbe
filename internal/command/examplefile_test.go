package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

const exampleFile = "../../cmd/downloadview/testdata/downloadview.yaml"

// The example configuration file is right, and the proxies accept its rules.
func TestExampleFile(t *testing.T) {
	credentials := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	for _, name := range []string{"links.keys", "partners.keys"} {
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(firstKey), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(t.TempDir(), "links.js")
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"3 storages, 3 mounts, 1 proxy, 3 rules\n", []string{"config", "check", exampleFile}},
		{"/mnt/media/", []string{"config", "nginx", "--config", exampleFile, "--script", script}},
		{"proxy_hide_header X-Amz-Meta-Owner;", []string{"config", "nginx", "--config", exampleFile, "--script", script}},
		{"/_reports/", []string{"config", "nginx", "--config", exampleFile, "--script", script, "--fragment"}},
	} {
		var stdout, stderr bytes.Buffer
		if status := Run(t.Context(), tt.args, &stdout, &stderr, nil); status != exitOK {
			t.Errorf("%q: status %d, %s", tt.args, status, &stderr)
		}
		if !strings.Contains(stdout.String(), tt.want) {
			t.Errorf("%q prints no %q:\n%s", tt.args, tt.want, &stdout)
		}
	}
}

// nginx accepts the configuration that is printed for it.
func TestPrintedConfigurationIsTaken(t *testing.T) {
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	dir := t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	if err := os.WriteFile(file, []byte(`
proxies: {front: {server: nginx, listen: 127.0.0.1:8000, folder: `+dir+`}}
rules: [{id: media, source: media, destination: /_media/, limit_rate: 1MB}]
`), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), []string{"config", "nginx", "--config", file}, &stdout, &stderr, nil); status != exitOK {
		t.Fatalf("status %d, %s", status, &stderr)
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, stdout.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(nginx, "-t", "-q", "-c", conf).CombinedOutput(); err != nil {
		t.Errorf("%v: %s\nof\n%s", err, out, &stdout)
	}
}
