package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// The commands of docs/deploy.md work, one after the other, with the files that the page
// shows. The folders of the system are in a folder of the test, and the ports are free
// ones. What needs an init system is left out, or done by the test itself.
func TestDeployPage(t *testing.T) {
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	openssl := testserver.Binary(t, "openssl", "DOWNLOADVIEW_OPENSSL")
	page := read(t, "../docs/deploy.md")
	for _, file := range []string{"nginx/site.conf", "nginx/downloadview.yaml"} {
		shown := regexp.MustCompile("(?s)<!-- deploy/" + file + " -->\n```[a-z]+\n(.*?)```").FindStringSubmatch(page)
		if shown == nil || !strings.HasSuffix(read(t, file), shown[1]) {
			t.Fatalf("the page doesn't show deploy/%s as it is", file)
		}
	}

	dir := t.TempDir()
	app, https, http := testserver.FreePort(t), testserver.FreePort(t), testserver.FreePort(t)
	here := strings.NewReplacer(
		"/srv/media", dir+"/media", "/etc/", dir+"/etc/", "127.0.0.1:8080", fmt.Sprintf("127.0.0.1:%d", app),
		"listen 443 ssl http2;", fmt.Sprintf("listen 127.0.0.1:%d ssl;", https), "listen 80;", fmt.Sprintf("listen 127.0.0.1:%d;", http),
		"listen [::]:443 ssl http2;", "", "listen [::]:80;", "",
		"https://files.example.com", fmt.Sprintf("https://localhost:%d", https), "files.example.com", "localhost", "openssl ", openssl+" ",
	)
	for _, d := range []string{"media", "etc/downloadview", "etc/nginx/snippets", "etc/nginx/sites-available", "etc/nginx/sites-enabled"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "media/report.pdf"), "0123456789")
	write(t, filepath.Join(dir, "etc/downloadview/downloadview.yaml"), here.Replace(read(t, "nginx/downloadview.yaml")))
	write(t, filepath.Join(dir, "etc/nginx/sites-available/downloads"), here.Replace(read(t, "nginx/site.conf")))
	conf := write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf("daemon off; master_process off; pid %[1]s/pid; events {} http { access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; include %[1]s/etc/nginx/sites-enabled/*; }", dir))

	needInit := []string{"make deb", "apt install ", "systemctl restart downloadview", "systemctl start downloadview@next", "systemctl enable --now downloadview.socket", "rm /etc/nginx/sites-enabled/default"}
	var ran int
	var service *testserver.Process
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			switch {
			case line == "systemctl enable --now downloadview":
				cmd := exec.Command("downloadview", "serve", "--config", filepath.Join(dir, "etc/downloadview/downloadview.yaml"))
				service = testserver.Start(t, fmt.Sprintf("127.0.0.1:%d", app), cmd)
			case line == "nginx -t":
				must(t, nginx, "-t", "-p", dir, "-c", conf, "-e", "stderr")
			case line == "systemctl reload nginx":
				testserver.Start(t, fmt.Sprintf("127.0.0.1:%d", https), exec.Command(nginx, "-p", dir, "-c", conf, "-e", "stderr"))
			case slices.ContainsFunc(needInit, func(s string) bool { return strings.HasPrefix(line, s) }):
				continue
			default:
				out := must(t, "sh", "-ec", here.Replace(line))
				if strings.HasPrefix(line, "downloadview doctor ") && !strings.Contains(out, "ok              proxy-names") {
					t.Errorf("the doctor says\n%s", out)
				}
				if strings.HasPrefix(line, "downloadview sign ") && !strings.Contains(out, "/report.pdf?") {
					t.Errorf("%s says %s", line, out)
				}
			}
			ran++
		}
	}
	if ran < 11 {
		t.Errorf("%d commands ran", ran)
	}
	if out := must(t, "curl", "-sS", "--cacert", filepath.Join(dir, "etc/ssl/downloads/fullchain.pem"), fmt.Sprintf("https://localhost:%d/report.pdf", https)); out != "0123456789" {
		t.Errorf("the download is %q", out)
	}
	service.Signal(syscall.SIGTERM)
	<-service.Done() // all lines are written
	if !regexp.MustCompile(`path=/report\.pdf status=200 bytes=0 .* mode=offload rule=media`).MatchString(service.Log()) {
		t.Errorf("nginx doesn't send the file:\n%s", service.Log())
	}
}
