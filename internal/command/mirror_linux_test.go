package command

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// mirrorNames have every ASCII character that is possible in a name, alone, in the
// middle and at both ends, and text that looks like an entity or an escape.
func mirrorNames() []string {
	names := []string{
		"plain.txt", "a&amp;b", "a&lt;b", "a&copy=1", "&#65;", "100%25", "%41", "%2e%2e", "a;b=c?d&e#f", "a:b", "http:", "~user", "...", "x..", "index.htm",
		"é 日本", "trailing.", "--help", "a'b\"c<d>e",
	}
	for c := byte(1); c < 0x80; c++ {
		if c != '/' {
			names = append(names, fmt.Sprintf("at %c end%c", c, c), fmt.Sprintf("%cbegins", c))
		}
	}
	return names
}

// A mirrorer is a real tool that copies a folder by the links of its page.
type mirrorer struct {
	name, envVar string
	args         func(url, to string) []string
	cant         func(key string) bool // a limit of the tool, whoever serves
}

var escape = regexp.MustCompile("%[0-9A-Fa-f]{2}")

var mirrorers = []mirrorer{
	{
		"wget", "DOWNLOADVIEW_WGET",
		func(url, to string) []string {
			return []string{"--no-config", "--no-verbose", "--recursive", "--level=inf", "--no-parent", "--no-host-directories", "--restrict-file-names=nocontrol", "--directory-prefix=" + to, url}
		},
		func(key string) bool { return escape.MatchString(key) }, // decodes a name twice
	},
	{
		"lftp", "DOWNLOADVIEW_LFTP",
		func(url, to string) []string {
			return []string{"-c", "set cmd:fail-exit yes; set net:max-retries 1; mirror --parallel=4 " + url + " " + to}
		},
		func(key string) bool { return strings.HasPrefix(filepath.Base(key), "~") }, // takes it for a home directory
	},
	{
		"rclone", "DOWNLOADVIEW_RCLONE",
		func(url, to string) []string {
			return []string{"--config=/dev/null", "copy", "--http-url=" + url, ":http:", to}
		},
		func(key string) bool { return strings.Contains(filepath.Dir(key), ":") }, // asks for ./a:b/, and takes no link there for one below
	},
}

// A copy that is made by the links of a folder's page has exactly the folder's files.
func TestMirror(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{}
	for i, name := range mirrorNames() {
		keys := []string{name}
		if i < 20 || i%10 == 0 {
			keys = append(keys, "sub "+name+"/"+name)
		}
		for _, key := range keys {
			path := filepath.Join(dir, key)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			want[key] = fmt.Sprintf("this is %q", key)
			if err := os.WriteFile(path, []byte(want[key]), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := start(t, "--index", "--hidden", dir)
	go p.await("nothing that it says") // so that it isn't held up
	for _, m := range mirrorers {
		t.Run(m.name, func(t *testing.T) {
			binary := testserver.Binary(t, m.name, m.envVar)
			to := filepath.Join(t.TempDir(), "copy")
			if err := os.Mkdir(to, 0o777); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
			defer stop()
			cmd := exec.CommandContext(ctx, binary, m.args(p.url+"/", to)...)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out[max(0, len(out)-2000):])
			}
			got := map[string]string{}
			err = filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return err
				}
				content, err := os.ReadFile(path)
				key, _ := filepath.Rel(to, path)
				if m.name == "wget" && strings.HasPrefix(filepath.Base(key), "index.html") && bytes.HasPrefix(content, []byte("<!DOCTYPE html>")) {
					return err // the page itself
				}
				got[key] = string(content)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			elsewhere := map[string]bool{} // what the tool can't put in its place
			for key, content := range want {
				switch {
				case m.cant(key):
					elsewhere[content] = true
				case got[key] != content:
					t.Errorf("%q has %q, want %q", key, got[key], content)
				}
				delete(got, key)
			}
			for key, content := range got {
				if !elsewhere[content] {
					t.Errorf("also %q with %.60q", key, content)
				}
			}
		})
	}
}
