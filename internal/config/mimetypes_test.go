package config

import (
	"errors"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/internal/testserver"
)

func TestParseTypes(t *testing.T) {
	const text = "\ufeff# comment\n\ntext/x-a\tA a1 # behind\napplication/none\nb/c+d;x=y %  tar.b\r\n  text/plain a\n"
	got, err := ParseTypes("f", []byte(text))
	want := map[string]string{"a": "text/plain", "a1": "text/x-a", "%": "b/c+d;x=y", "tar.b": "b/c+d;x=y"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("types (-want +got): %v\n%s", err, diff)
	}
}

// Each wrong line has an error, which says what would be right.
func TestWrongTypes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "f:1: has no extension; want lines such as",
		"# nothing\n":                     "f:1: has no extension",
		"\n\npdf application/pdf":         `f:3: "pdf" is not a media type; want a media type and its extensions, such as "application/pdf pdf"`,
		"a/b .c":                          `f:1: the extension ".c" begins with a dot; want "c"`,
		"a/b c/d":                         `f:1: the extension "c/d" has a slash in it`,
		"text/html html;":                 `f:1: ends in ";", as the mime.types of nginx does`,
		"types {":                         `f:1: ends in "{", as the mime.types of nginx does`,
		"a/b, c/d x":                      `f:1: "a/b," is not a media type`,
		"a/ x":                            `f:1: "a/" is not a media type`,
		"a/b c\nö/b c\na/b \xff":          `f:3: has the byte "\xff"; want text in UTF-8, without control characters`,
		"a/b c\x00":                       `f:1: has the byte "\x00"`,
		"pdf\na/b .x\nc/d y":              "f:1: \"pdf\" is not a media type",
		"text/plain;charset=utf-8;x= txt": `is not a media type`,
	} {
		types, err := ParseTypes("f", []byte(text))
		var wrong Errors
		if types != nil || !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTypes(%q) = %v, %v; want %q", text, types, err, want)
		}
	}
	if _, err := ParseTypes("f", []byte("pdf\na/b .x\nc/d y")); strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not both lines: %v", err)
	}
}

func TestReadTypes(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadTypes(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ReadTypes(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, largestTypes+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTypes(large); err == nil || !strings.Contains(err.Error(), "bytes; want") {
		t.Errorf("a large one: %v", err)
	}
	types, err := ReadTypes("/etc/mime.types")
	if errors.Is(err, os.ErrNotExist) {
		testserver.Lacking(t, "needs /etc/mime.types: apt-get install media-types")
	}
	if err != nil || types["pdf"] != "application/pdf" || len(types) < 500 {
		t.Errorf("/etc/mime.types: %d types, %v", len(types), err)
	}
}

// Any type that ParseTypes accepts can be sent by net/http.
func FuzzParseTypes(f *testing.F) {
	for _, s := range []string{"text/html html htm", "a/b c # d", "a/b;c=d e", "types {\n text/html html;\n}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		types, err := ParseTypes("f", text)
		if (types == nil) == (err == nil) {
			t.Fatalf("%v and %v", types, err)
		}
		for ext, s := range types {
			if _, _, err := mime.ParseMediaType(s); err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) && !strings.Contains(err.Error(), "duplicate") {
				t.Errorf("%q: %q: %v", ext, s, err)
			}
			if ext == "" || strings.ContainsAny(ext, " /\\\t\n") || ext != strings.ToLower(ext) {
				t.Errorf("the extension %q", ext)
			}
		}
	})
}
