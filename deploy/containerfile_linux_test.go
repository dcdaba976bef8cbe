package deploy

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
)

// The Containerfile copies what is there, builds with the Go of this module by the script
// of a release, and starts the program as nobody with arguments that it takes.
func TestContainerfile(t *testing.T) {
	text := read(t, "container/Containerfile")
	said := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z]+) (.+)$`).FindAllStringSubmatch(text, -1) {
		said[m[1]] = append(said[m[1]], m[2])
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if want := []string{"docker.io/library/golang:" + version + " AS build", "scratch"}; !slices.Equal(said["FROM"], want) {
		t.Errorf("FROM %q, want %q", said["FROM"], want)
	}
	for _, c := range said["COPY"] {
		fields := strings.Fields(c)
		if strings.HasPrefix(c, "--from=build ") {
			continue
		}
		for _, source := range fields[:len(fields)-1] {
			if _, err := os.Stat(filepath.Join("..", source)); err != nil {
				t.Errorf("COPY %s: %v", c, err)
			}
		}
	}
	if want := []string{"go mod download", "scripts/build /out/downloadview"}; !slices.Equal(said["RUN"], want) {
		t.Errorf("RUN %q, want %q", said["RUN"], want)
	}
	if !slices.Contains(said["COPY"], "--from=build /out/downloadview /usr/bin/downloadview") || said["ENTRYPOINT"][0] != `["/usr/bin/downloadview"]` {
		t.Errorf("the program that was built is not what starts: %q, %q", said["COPY"], said["ENTRYPOINT"])
	}
	if user := said["USER"]; len(user) != 1 || !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user[0]) {
		t.Errorf("USER %q, want numbers, since the image has no names, and not those of root", user)
	}

	var args []string
	if err := json.Unmarshal([]byte(said["CMD"][0]), &args); err != nil {
		t.Fatal(err)
	}
	media := t.TempDir()
	write(t, filepath.Join(media, "a.txt"), "0123456789")
	for i := range args {
		args[i] = strings.NewReplacer("/srv/media", media, "0.0.0.0:8080", "127.0.0.1:0").Replace(args[i])
	}
	log, stderr := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		command.Run(ctx, args, stderr, stderr, nil)
		stderr.Close()
	}()
	lines := linesOf(log)
	defer func() {
		stop()
		await(lines, "\x00") // the end
	}()
	resp, err := http.Get(strings.TrimPrefix(await(lines, "listening on "), "listening on ") + "/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "0123456789" {
		t.Errorf("%d %q %v", resp.StatusCode, body, err)
	}
}
