package main

import (
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

func openRoot(t *testing.T, content []byte) *os.Root {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "17.pdf")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestShop(t *testing.T) {
	keys, err := middleware.ParseKeys("links.keys", []byte("test AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(keys, openRoot(t, []byte("%PDF-1.7")))
	h := s.handler()
	mail, err := s.mail("17.pdf")
	if err != nil {
		t.Fatal(err)
	}
	var link string
	for _, step := range []struct {
		client, method, target, form string
		status                       int
	}{
		{"192.0.2.9", "GET", "/mail/17.pdf", "", 403},
		{"192.0.2.9", "GET", mail, "", 200}, // a scanner
		{"192.0.2.1", "GET", mail, "", 200},
		{"192.0.2.1", "POST", "/start", "https://other.test/", 400},
		{"192.0.2.1", "POST", "/start", "//other.test/", 400},
		{"192.0.2.1", "POST", "/start", "LINK", 303},
		{"192.0.2.1", "GET", "LINK", "", 200},
		{"192.0.2.1", "GET", "LINK", "", 200},
		{"192.0.2.2", "GET", mail, "", 200},
		{"192.0.2.2", "GET", "LINK", "", 403},
	} {
		target, form := step.target, step.form
		if target == "LINK" {
			target = link
		}
		if form == "LINK" {
			form = link
		}
		r := httptest.NewRequest(step.method, target, strings.NewReader(url.Values{"link": {form}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = step.client + ":1"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != step.status {
			t.Fatalf("%+v: %d %s", step, w.Code, w.Body)
		}
		if _, value, ok := strings.Cut(w.Body.String(), `value="`); ok {
			link, _, _ = strings.Cut(value, `"`)
		}
	}
}
