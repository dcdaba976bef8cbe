package deploy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A set is what both containers get: the settings of the application, and two files of
// nginx.
type set struct{ settings, site, downloads string }

func sets(t *testing.T) map[string]set {
	t.Helper()
	object := read(t, "kubernetes/downloadview.yaml")
	value := func(name string) string {
		m := regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(name) + `: \|\n((?:    .*\n|\n)+)`).FindStringSubmatch(object)
		if m == nil {
			t.Fatalf("the ConfigMap has no %s", name)
		}
		return regexp.MustCompile(`(?m)^    `).ReplaceAllString(m[1], "")
	}
	return map[string]set{
		"compose":    {read(t, "container/downloadview.yaml"), read(t, "container/nginx/site.conf"), read(t, "container/nginx/downloads.conf")},
		"kubernetes": {value("downloadview.yaml"), value("site.conf"), value("downloads.conf")},
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// The manifests have only fields that Kubernetes and compose know.
func TestManifests(t *testing.T) {
	manifests := testserver.Binary(t, "manifests", "DOWNLOADVIEW_MANIFESTS")
	out, err := exec.Command(manifests, "kubernetes/downloadview.yaml", "container/compose.yaml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "downloadview.yaml: 4 checked") || !strings.Contains(string(out), "compose.yaml: 2 checked") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The configuration of nginx is what "config nginx" prints for the settings of the
// application.
func TestConfigurationsArePrinted(t *testing.T) {
	for name, s := range sets(t) {
		settings := write(t, filepath.Join(t.TempDir(), "downloadview.yaml"), s.settings)
		var out bytes.Buffer
		if status := command.Run(t.Context(), []string{"config", "nginx", "--fragment", "--config", settings}, &out, &out, nil); status != 0 {
			t.Fatalf("%s: status %d\n%s", name, status, &out)
		}
		if strings.TrimSpace(out.String()) != strings.TrimSpace(s.downloads) {
			t.Errorf("%s: downloads.conf is not what downloadview config nginx --fragment prints; want\n%s", name, &out)
		}
	}
}

// The application and nginx run with these files, only with other addresses and folders:
// nginx sends the file, and the application says so in its log.
func TestContainersServe(t *testing.T) {
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	for name, s := range sets(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			media := filepath.Join(dir, "media")
			if err := os.Mkdir(media, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(media, "a b.txt"), "0123456789")
			app, front := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t)), fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
			metrics := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
			here := strings.NewReplacer("/srv/media", media, "0.0.0.0:8080", app, "127.0.0.1:8081", app, "app:8080", app, "0.0.0.0:9090", metrics,
				"/etc/nginx/snippets", dir, "listen 8000;", "listen "+front+";", "listen 8080;", "listen "+front+";")
			settings := write(t, filepath.Join(dir, "downloadview.yaml"), here.Replace(s.settings))
			write(t, filepath.Join(dir, "downloads.conf"), here.Replace(s.downloads))
			write(t, filepath.Join(dir, "site.conf"), here.Replace(s.site))
			conf := write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; events {} http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; include %[1]s/site.conf; }", dir))

			log, said := io.Pipe()
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				command.Run(ctx, []string{"serve", "--config", settings}, said, said, nil)
				said.Close()
			}()
			lines := linesOf(log)
			defer func() {
				stop()
				await(lines, "\x00") // the end
			}()
			await(lines, "listening on")
			testserver.Start(t, front, exec.Command(nginx, "-p", dir, "-c", conf, "-e", "stderr"))

			resp, err := http.Get("http://" + front + "/a%20b.txt")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "0123456789" || resp.Header.Get("Content-Disposition") != `attachment; filename="a b.txt"` {
				t.Errorf("%d %v %q %v", resp.StatusCode, resp.Header, body, err)
			}
			if ready, err := http.Get("http://" + metrics + "/readyz"); err != nil || ready.StatusCode != http.StatusOK {
				t.Errorf("/readyz: %v, %v", ready, err)
			} else {
				ready.Body.Close()
			}
			if await(lines, "mode=offload rule=media") == "" {
				t.Error("the log has no line of a hand-over")
			}
		})
	}
}

// linesOf returns the lines that r has, as they come.
func linesOf(r io.Reader) <-chan string {
	lines := make(chan string, 1000) // more than a test has
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// await reads lines up to one that contains text, and returns it; "" if there is none.
func await(lines <-chan string, text string) string {
	for line := range lines {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}
