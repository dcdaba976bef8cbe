package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// replace replaces a file as sidecars do: by a new file, in one step.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// If another program writes new credentials into the file of the AWS tools, a running
// server uses them from the next request on.
func TestRotatedCredentials(t *testing.T) {
	c := startS3(t)
	c.put(t, "a.txt", digits[:10])
	right := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", os.Getenv("AWS_ACCESS_KEY_ID"), c.secrets[0])
	wrong := "[default]\naws_access_key_id = gone\naws_secret_access_key = revoked\n"
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	file := filepath.Join(t.TempDir(), "credentials")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	replace(t, file, right)
	l := serve(t, "--tries=1", c.url(t))
	for i, step := range []struct {
		text string
		want int
	}{
		{right, http.StatusOK},
		{wrong, http.StatusBadGateway},
		{right, http.StatusOK},
		{"[default]\naws_access_key_id = half wri", http.StatusOK}, // the old ones stay
		{wrong, http.StatusBadGateway},
		{right, http.StatusOK},
	} {
		replace(t, file, step.text)
		if got := l.get(t, "/a.txt"); got.StatusCode != step.want {
			t.Errorf("step %d: %d, want %d", i, got.StatusCode, step.want)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got := l.get(t, "/a.txt"); got.StatusCode != http.StatusOK {
		t.Errorf("while the file is away: %d, want 200", got.StatusCode)
	}
	// A file that is written in place is another, too.
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := l.get(t, "/a.txt"); got.StatusCode != http.StatusBadGateway {
		t.Errorf("written in place: %d, want 502", got.StatusCode)
	}
}

func TestRotatedTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.json")
	read := func() (oauth2.TokenSource, error) {
		text, err := os.ReadFile(file)
		if err == nil && string(text) == "half" {
			err = errors.New("no JSON")
		}
		return tokens(func() (*oauth2.Token, error) {
			if string(text) == "denied" {
				return nil, errors.New("denied")
			}
			return &oauth2.Token{AccessToken: string(text)}, nil
		}), err
	}
	replace(t, file, "one")
	files := watch(file)
	first, err := read()
	if err != nil {
		t.Fatal(err)
	}
	r := &rotatedTokens{files: files, now: first, find: read}
	for _, step := range []struct{ text, want string }{
		{"one", "one"}, {"two", "two"}, {"half", "two"}, {"denied", "two"}, {"six", "six"},
	} {
		replace(t, file, step.text)
		if token, err := r.Token(); err != nil || token.AccessToken != step.want {
			t.Errorf("after %q: %v, %v, want %q", step.text, token, err, step.want)
		}
	}
	later := time.Now().Add(time.Hour)
	if err := os.WriteFile(file, []byte("ten"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if token, err := r.Token(); err != nil || token.AccessToken != "ten" {
		t.Errorf("of the same size: %v, %v, want the new one", token, err)
	}
}
