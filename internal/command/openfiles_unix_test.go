//go:build unix

package command

import (
	"bytes"
	"log/slog"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

// The log says how many downloads the limit of open files allows, and warns if that is
// too few.
func TestOpenFiles(t *testing.T) {
	local := config.Config{Storages: []config.Storage{{URL: "/srv/media"}}, Mounts: []config.Mount{{Path: "/"}}}
	limited, ahead := local, local
	limited.Limits.Downloads.Max = 500
	ahead.Storages = []config.Storage{{URL: "s3://bucket"}}
	ahead.Limits.Buckets.ReadAhead = 4
	for name, tt := range map[string]struct {
		soft, hard int64
		config     *config.Config
		want       string
		warning    string // "": none
	}{
		"4096, with Go":       {4095, 4096, &local, "soft=4095 hard=4096", ""},
		"much":                {524288, 524288, &local, "soft=524288 hard=524288 each_download=2 downloads=262112", ""},
		"enough":              {4096, 8192, &local, "soft=4096 hard=8192 each_download=2 downloads=2016", ""},
		"little":              {1024, 1024, &local, "soft=1024 hard=1024 each_download=2 downloads=480", "the limit of open files is low"},
		"fewer than wanted":   {1024, 1024, &limited, "downloads=480", "fewer downloads than --max-downloads"},
		"as many as wanted":   {1064, 1064, &limited, "downloads=500", ""},
		"nearly none":         {10, 10, &local, "downloads=0", "the limit of open files is low"},
		"no limit":            {-1, -1, &limited, "soft=none hard=none each_download=2 downloads=none", ""},
		"read ahead":          {6064, 6064, &ahead, "each_download=6 downloads=1000", ""},
		"no limit for others": {4096, -1, &local, "soft=4096 hard=none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			tellOpenFiles(tt.soft, tt.hard, tt.config, slog.New(slog.NewTextHandler(&log, nil)))
			line, rest, _ := strings.Cut(log.String(), "\n")
			if !strings.Contains(line, tt.want) || tt.warning == "" && rest != "" || !strings.Contains(rest, tt.warning) || strings.Count(rest, "\n") > 1 {
				t.Errorf("the log says\n%swant %s, and the warning %q", log.String(), tt.want, tt.warning)
			}
		})
	}
}

// The limits are those of the process, whose soft limit Go has raised.
func TestOpenFilesOfTheProcess(t *testing.T) {
	for limits, want := range map[string]string{
		"ulimit -Sn 512; ulimit -Hn 8192": "soft=819[12] hard=8192 each_download=2 downloads=406[34]",
		"ulimit -Sn 200; ulimit -Hn 200":  "soft=(199|200) hard=200 each_download=2 downloads=6[78]",
	} {
		p, err := startCommand(exec.Command("sh", "-c", limits+`; exec downloadview serve --listen=127.0.0.1:0 "$1"`, "sh", t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		p.killAtEnd(t)
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if log := p.log.String(); !regexp.MustCompile(want).MatchString(log) || strings.Contains(log, "level=WARN") != strings.Contains(want, "200") {
			t.Errorf("%s: the log says %s, want %s", limits, log, want)
		}
	}
}
