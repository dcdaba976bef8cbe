package middleware

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	secretA = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" // the bytes 0 to 31
	secretB = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8" // the bytes 32 to 63
)

func mustKeys(t testing.TB, text string) *Keys {
	t.Helper()
	k, err := ParseKeys("keys", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Some editors on Windows write a byte order mark, and end lines with CRLF.
func TestParseKeysOfWindows(t *testing.T) {
	for _, text := range []string{"a " + secretA + "\r\n", "# a comment\r\na " + secretA + " sign-from=2026-01-01T00:00:00Z\r\n"} {
		if list := mustKeys(t, "\ufeff"+text).List(time.Now()); len(list) != 1 || list[0].ID != "a" {
			t.Errorf("%q: keys %v, want one", text, list)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "keys: there is no key in it"},
		{"comments only", "# a\n\n", "keys: there is no key in it"},
		{"no secret", "a\n", "keys:1: there is no key after the first word"},
		{"short", "# c\na " + secretA[:40] + "\n", "keys:2: the key a has 30 bytes; want 32 or more"},
		{"other base64", "a " + strings.Repeat("+/", 22), "keys:1: the key a is not base64url"},
		{"loose bits", "a " + secretA[:42] + "9", "keys:1: the key a is not base64url"},
		{"only the secret", secretA + "\n", "keys:1: the first word is not a key id"},
		{"dot in the id", "a.b " + secretA, "keys:1: the first word is not a key id"},
		{"id twice", "a " + secretA + "\nb " + secretB + "\na " + secretB, "keys:3: the id a is that of line 1, too"},
		{"unknown word", "a " + secretA + " sing-from=2026-01-01T00:00:00Z", "keys:1: word 1 after the key a is unknown"},
		{"second secret", "a " + secretA + " " + secretB, "keys:1: word 1 after the key a is unknown"},
		{"bad time", "a " + secretA + " sign-from=tomorrow", "keys:1: the sign-from of the key a is not a time"},
		{"no time", "a " + secretA + " accept-until", "keys:1: the accept-until of the key a is not a time"},
		{"zero time", "a " + secretA + " accept-until=0001-01-01T00:00:00Z", "keys:1: the accept-until of the key a is not a time"},
		{"time twice", "a " + secretA + " sign-from=2026-01-01T00:00:00Z sign-from=2027-01-01T00:00:00Z", "keys:1: the key a has sign-from twice"},
		{"never", "a " + secretA + " sign-from=2027-01-01T00:00:00Z accept-until=2026-01-01T00:00:00Z", "keys:1: the key a signs from 2027"},
		{"endless", strings.Repeat("#", longestKeyFile+1), "keys: it has more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseKeys("keys", []byte(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
			for _, secret := range []string{secretA[:20], secretB[:20], "+/+/"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error %q has the secret in it", err)
				}
			}
		})
	}
}

func TestTheNewestValidKeySigns(t *testing.T) {
	k := mustKeys(t, "# rotation\nold "+secretA+" accept-until=2026-03-01T00:00:00Z\r\n"+
		"new "+secretB+"= sign-from=2026-02-01T00:00:00Z\n\nlast "+secretA+" sign-from=2026-04-01T00:00:00Z accept-until=2026-05-01T00:00:00Z")
	for _, tt := range []struct{ at, want string }{
		{"2026-01-01T00:00:00Z", "old"},
		{"2026-01-31T23:59:59Z", "old"},
		{"2026-02-01T00:00:00Z", "new"},
		{"2026-03-01T00:00:00Z", "new"},
		{"2026-04-01T00:00:00Z", "last"},
		{"2026-05-01T00:00:00Z", "new"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.signing(at); got == nil || got.id != tt.want {
			t.Errorf("at %s signs %v, want %s", tt.at, got, tt.want)
		}
	}
	if got := mustKeys(t, "a "+secretA+"\nb "+secretB).signing(time.Now()); got.id != "b" {
		t.Errorf("of equal keys signs %s, want the last", got.id)
	}
	if new(Keys).signing(time.Now()) != nil {
		t.Error("the zero Keys have a key")
	}
}

func TestReadKeysLooksAtTheMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	file := filepath.Join(t.TempDir(), "keys")
	if _, err := ReadKeys(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
	if _, err := ReadKeys(filepath.Dir(file)); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("directory: %v", err)
	}
	if err := os.WriteFile(file, []byte("a "+secretA+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mode fs.FileMode
		ok   bool
	}{{0o600, true}, {0o400, true}, {0o440, true}, {0o640, true}, {0o644, false}, {0o604, false}, {0o660, false}, {0o602, false}} {
		if err := os.Chmod(file, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadKeys(file)
		if tt.ok && err != nil {
			t.Errorf("mode %04o: %v", tt.mode, err)
		}
		if !tt.ok && (err == nil || !strings.Contains(err.Error(), "chmod 600 "+file)) {
			t.Errorf("mode %04o: error %v, want one that says chmod", tt.mode, err)
		}
	}
}

func TestKeysAreSwappedWhileInUse(t *testing.T) {
	k, a, b := new(Keys), mustKeys(t, "a "+secretA), mustKeys(t, "b "+secretB)
	k.Swap(a)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if k.signing(time.Now()) == nil {
					t.Error("no key signs")
				}
			}
		})
	}
	for range 100 {
		k.Swap(b)
		k.Swap(a)
	}
	wg.Wait()
	k.Swap(b)
	if k.byID("b") == nil || k.byID("a") != nil {
		t.Error("after the swap the keys are not those of b")
	}
}

func TestList(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	got := mustKeys(t, "a "+secretA+" accept-until=2026-03-01T00:00:00Z\nb "+secretB+" sign-from=2026-03-01T00:00:00Z").List(at)
	want := []KeyInfo{{ID: "a", AcceptUntil: at}, {ID: "b", SignFrom: at, Signs: true}}
	if !slices.Equal(got, want) {
		t.Errorf("List = %v, want %v", got, want)
	}
	if got := new(Keys).List(at); len(got) != 0 {
		t.Errorf("the zero Keys have %v", got)
	}
}
