package remote_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

func TestBadBase(t *testing.T) {
	for _, tt := range []struct {
		name string
		base *url.URL
		says string
	}{
		{"nil", nil, "nil"},
		{"empty", &url.URL{}, `scheme ""`},
		{"relative", &url.URL{Path: "/files"}, `scheme ""`},
		{"other scheme", parse(t, "ftp://h/x"), `scheme "ftp"`},
		{"file", parse(t, "file:///etc"), `scheme "file"`},
		{"opaque", parse(t, "http:h/x"), "no host"},
		{"port alone", parse(t, "http://:80/x"), "no host"},
		{"no host", &url.URL{Scheme: "https", Path: "/x"}, "no host"},
		{"fragment", parse(t, "https://h/x#y"), "fragment"},
		{"dots", parse(t, "https://h/a/../b"), "dot segment"},
		{"encoded dots", parse(t, "https://h/a/%2e%2e/b"), "dot segment"},
		{"empty segment", parse(t, "https://h/a//b"), "empty segment"},
		{"two slashes alone", parse(t, "https://h//"), "empty segment"},
		{"two slashes at the end", parse(t, "https://h/a//"), "empty segment"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := remote.New(tt.base, nil)
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("New(%v): %v, want an error with %q", tt.base, err, tt.says)
			}
		})
	}
}

// The requested URLs, byte for byte.
func TestURLs(t *testing.T) {
	transport := &answer{}
	client := &http.Client{Transport: transport}
	for _, tt := range []struct{ base, key, want string }{
		{"https://h", "a", "https://h/a"},
		{"https://h/", "a", "https://h/a"},
		{"https://h/files", "a/b", "https://h/files/a/b"},
		{"https://h/files/", "a/b", "https://h/files/a/b"},
		{"https://h/a%2Fb/", "c", "https://h/a%2Fb/c"},
		{"https://h/f?sig=a%2Bb", "c?d", "https://h/f/c%3Fd?sig=a%2Bb"},
		{"https://h", "a b", "https://h/a%20b"},
		{"https://h", "a+b", "https://h/a%2Bb"},
		{"https://h", "a%41", "https://h/a%2541"},
		{"https://h", "a%2Fb", "https://h/a%252Fb"},
		{"https://h", "a?b&c", "https://h/a%3Fb&c"},
		{"https://h", "a#b", "https://h/a%23b"},
		{"https://h", "a:b", "https://h/a:b"},
		{"https://h", `a\b`, "https://h/a%5Cb"},
		{"https://h", "ąę日", "https://h/%C4%85%C4%99%E6%97%A5"},
		{"https://h", "\xff", "https://h/%FF"},
		{"https://h", "a\r\nb", "https://h/a%0D%0Ab"},
		{"https://h", "...", "https://h/..."},
	} {
		s, err := remote.New(parse(t, tt.base), &remote.Options{Client: client})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := downloadview.Stat(t.Context(), file(t, s, tt.key)); err != nil {
			t.Fatal(err)
		}
		if got := transport.asked.String(); got != tt.want {
			t.Errorf("%q below %s is asked for as %s, want %s", tt.key, tt.base, got, tt.want)
		}
	}
}

func TestInvalidKeys(t *testing.T) {
	s, err := remote.New(parse(t, "https://h/files/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "../a", "a/..", "a/../b",
		"%2e%2e/a", "%2E./a", "a%2f..%2fb", "a%2F", "%2fa", "%252e%252e/a", "%25252e./a", "%2%65%2%65/a",
		`..\a`, `a\..\b`, "..%5ca", "..;/a", "..;x=y/a", "..%3b/a", "a\x00", "a%00", "a%2500",
	} {
		_, err := s.File(key)
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pe) || pe.Path != key {
			t.Errorf("File(%q): %v, want fs.ErrInvalid that names it", key, err)
		}
	}
	for _, key := range []string{"a", "a/b", "...", "..a", "a..", "a%", "100%.txt", "%zz", "a%2Fb", "a;b", ";x", `a\b`} {
		if _, err := s.File(key); err != nil {
			t.Errorf("File(%q): %v, want nil", key, err)
		}
	}
}

// Decoding nested encodings takes one pass, so a megabyte of them is fast.
func TestLongKey(t *testing.T) {
	s, err := remote.New(parse(t, "https://h/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.File("%" + strings.Repeat("25", 1<<20) + "2e"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a dot, encoded a million times: %v, want fs.ErrInvalid", err)
	}
}

func TestNames(t *testing.T) {
	for rawURL, want := range map[string]string{
		"https://h.test/a/q%203.csv":  "q 3.csv",
		"https://h.test/a.pdf?x=/y":   "a.pdf",
		"https://h.test/reports/":     "reports",
		"https://h.test/a%2Fb.pdf":    "a/b.pdf",
		"https://h.test/a/..":         "h.test",
		"https://h.test/":             "h.test",
		"https://h.test":              "h.test",
		"https://u:p@h.test:8443/?x":  "h.test",
		"https://h.test/100%25.txt":   "100%.txt",
		"https://h.test/%C4%85.txt":   "ą.txt",
		"http://[2001:db8::1]:8080/":  "2001:db8::1",
		"https://h.test/a;b=c/d;e.gz": "d;e.gz",
	} {
		f, err := remote.File(rawURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Name(); got != want {
			t.Errorf("name of %s is %q, want %q", rawURL, got, want)
		}
	}
}

func TestSource(t *testing.T) {
	for rawURL, want := range map[string]downloadview.Source{
		"https://h.test/a/b%20c%25.pdf": {Scheme: "https", Host: "h.test", Path: "a/b c%.pdf"},
		"http://H.test:80/a":            {Scheme: "http", Host: "h.test", Path: "a"},
		"https://h.test:443/a":          {Scheme: "https", Host: "h.test", Path: "a"},
		"http://h.test:443/a":           {Scheme: "http", Host: "h.test:443", Path: "a"},
		"https://u:p@h.test:8443/a//b":  {Scheme: "https", Host: "h.test:8443", Path: "a//b"},
		"https://[2001:DB8::1]/a":       {Scheme: "https", Host: "[2001:db8::1]", Path: "a"},
		"https://h.test":                {Scheme: "https", Host: "h.test"},
		"https://h.test/a?sig=x":        {},
		"https://h.test/a%2Fb":          {},
	} {
		f, err := remote.File(rawURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := downloadview.SourceOf(f); got != want || ok != (want != downloadview.Source{}) {
			t.Errorf("source of %s is %#v, %t, want %#v", rawURL, got, ok, want)
		}
	}
	s, err := remote.New(parse(t, "https://h.test/files"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := downloadview.Source{Scheme: "https", Host: "h.test", Path: "files/a%2F?b"}
	if got, ok := downloadview.SourceOf(file(t, s, "a%2F?b")); got != want || !ok {
		t.Errorf("source below a base is %#v, %t, want %#v", got, ok, want)
	}
}

func TestBadFileURLs(t *testing.T) {
	for _, rawURL := range []string{
		"", "a", "/etc/passwd", "file:///etc/passwd", "http://", "http:///x", "https://h/%zz", "https://h/a#b",
		"gopher://h/x", "http://user:sec\nret@h/x", "http://user:secret#@h/", "https://h:secret/",
	} {
		_, err := remote.File(rawURL, nil)
		if !errors.Is(err, fs.ErrInvalid) || strings.Contains(fmt.Sprint(err), "sec") {
			t.Errorf("File(%q): %v, want fs.ErrInvalid and no secret", rawURL, err)
		}
	}
}
