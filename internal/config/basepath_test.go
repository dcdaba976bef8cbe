package config_test

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

func TestParseBasePath(t *testing.T) {
	for s, want := range map[string]string{
		"/": "", "/media": "/media", "/media/": "/media", "/a b/Ä": "/a b/Ä", "/100%": "/100%", "/.well-known": "/.well-known", "/~media": "/~media",
	} {
		if got, err := config.ParseBasePath(s); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"":               "is empty",
		"media":          "does not begin with a slash",
		"https://a/b":    "does not begin with a slash",
		"//media":        `has a segment "" in it`,
		"/media//":       `has a segment "" in it`,
		"//":             `has a segment "" in it`,
		"/a/../b":        `has a segment ".." in it`,
		"/..":            `has a segment ".." in it`,
		"/a/./b":         `has a segment "." in it`,
		"/media?x=1":     "has a query or a fragment",
		"/media#x":       "has a query or a fragment",
		`/a\b`:           "has a backslash",
		"/a\nb":          "has a control character",
		"/~1.k1.1.x.y/a": `has a segment "~1.k1.1.x.y" in it`,
	} {
		if got, err := config.ParseBasePath(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %s", s, got, err, want)
		}
	}
}

// All mounts are below the base path, wherever it stands in the file, also the one that
// isn't named. Errors name the keys as they are in the file.
func TestBasePath(t *testing.T) {
	for text, want := range map[string]string{
		"storages: {a: /a}\nmounts: {/: a, /b/: a}\nbase_path: /x/y/\n": "/x/y/ /x/y/b/",
		"base_path: /x\nstorages: {a: /a}\n":                            "/x/",
		"base_path: /\nstorages: {a: /a}\nmounts: {/b/: a}\n":           "/b/",
	} {
		c, err := config.Parse("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var paths, keys []string
		for i := range c.Mounts {
			paths = append(paths, c.Mounts[i].Path)
			keys = append(keys, c.MountKey(&c.Mounts[i]))
		}
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("%q: the mounts %s, want %s", text, got, want)
		}
		inFile := strings.ReplaceAll(strings.ReplaceAll(want, "/x/y", ""), "/x", "")
		if got, want := strings.Join(keys, " "), "mounts."+strings.ReplaceAll(inFile, " ", " mounts."); got != want {
			t.Errorf("%q: the keys %s, want %s", text, got, want)
		}
		c.SetBasePath("/other")
		if got, want := c.Mounts[0].Path, "/other"+strings.Fields(inFile)[0]; got != want {
			t.Errorf("%q: another base path makes %s, want %s", text, got, want)
		}
	}
	if _, err := config.Parse("f", []byte("grace: 1s\nbase_path: media\n")); err == nil || !strings.HasPrefix(err.Error(), `f:2: base_path: "media" does not begin with a slash`) {
		t.Error(err)
	}
}
