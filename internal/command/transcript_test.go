package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Lines of key files.
const (
	firstKey  = "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
	secondKey = "k2 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\n"
)

// A transcribed run of tests fails if a program that a test started wrote a key or a
// link. What scripts start is checked by checkTranscripts, which knows more secrets.
type transcribed struct{ testscript.TestingM }

func (m transcribed) Run() int {
	dir, err := os.MkdirTemp("", "transcripts")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil { // some programs run as nobody
		panic(err)
	}
	os.Setenv("TRANSCRIPT", dir)
	status := m.TestingM.Run()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		name := filepath.Base(file)
		if isMeantToShow(name) || !hasSecret(string(text)) {
			continue
		}
		fmt.Printf("FAIL: %s has a key or a link:\n%s", name, text)
		status = 1
	}
	return status
}

// isMeantToShow reports whether a transcript is the stdout of "sign" or "key".
func isMeantToShow(name string) bool {
	return strings.HasPrefix(name, "sign-stdout-") || strings.HasPrefix(name, "key-stdout-")
}

func hasSecret(text string) bool {
	return linkToken.MatchString(text) || strings.Contains(text, firstKey[3:46]) || strings.Contains(text, secondKey[3:46])
}

// recorded returns a writer to w that also writes to a new file of the directory
// $TRANSCRIPT. The file's name begins with the subcommand and the name.
func recorded(w *os.File, name string) io.Writer {
	dir := os.Getenv("TRANSCRIPT")
	if dir == "" {
		return w
	}
	subcommand := "none"
	if len(os.Args) > 1 {
		subcommand = filepath.Base(os.Args[1])
	}
	f, err := os.CreateTemp(dir, subcommand+"-"+name+"-*")
	if err != nil {
		panic(err)
	}
	return io.MultiWriter(w, f)
}

var (
	keyLine   = regexp.MustCompile(`(?m)^[A-Za-z0-9_-]{1,32} ([A-Za-z0-9_-]{43,})(?: |$)`)
	linkToken = regexp.MustCompile(`(?:1\.[A-Za-z0-9_-]{1,32}\.[0-9]{1,11}\.[A-Za-z0-9_-]+|dvn=[A-Za-z0-9_-]+\.[0-9]+)\.([A-Za-z0-9_-]{22})`)
)

// checkTranscripts fails the test if a file of the directory transcripts has a key of a
// key file in the directory work, or the MAC of a link that was made. Only the stdout
// of "sign" and "key" may. It returns how many secrets there are.
func checkTranscripts(t *testing.T, work, transcripts string) int {
	t.Helper()
	secrets := make(map[string]bool)
	collect := func(re *regexp.Regexp, pattern string) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, m := range re.FindAllStringSubmatch(readText(t, file), -1) {
				secrets[m[1]] = true
			}
		}
	}
	collect(keyLine, filepath.Join(work, "*.keys"))
	collect(keyLine, filepath.Join(transcripts, "key-stdout-*"))
	collect(linkToken, filepath.Join(transcripts, "sign-stdout-*"))
	if len(secrets) == 0 {
		return 0
	}
	files, err := filepath.Glob(filepath.Join(transcripts, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if isMeantToShow(name) {
			continue
		}
		text := readText(t, file)
		for secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %s has the secret %s:\n%s", filepath.Base(work), name, secret, text)
			}
		}
	}
	return len(secrets)
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
