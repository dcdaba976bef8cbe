package middleware

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

const secureLinkFile = "testdata/securelinks.json"

func readSecureLinks(t *testing.T) (v struct {
	Keys    map[string]string
	Subkeys map[string]map[string]string
	Links   []struct {
		Name, URL string
		Signed    bool
	}
}, k *Keys,
) {
	t.Helper()
	text, err := os.ReadFile(secureLinkFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v, mustKeys(t, "2026a "+v.Keys["2026a"]+" accept-until=2100-01-01T00:00:00Z\n2026b "+v.Keys["2026b"])
}

func TestSecureLinksAreSigned(t *testing.T) {
	all, keys := readSecureLinks(t)
	l := NewLinks(keys, nil)
	n := 0
	for _, v := range all.Links {
		if !v.Signed {
			continue
		}
		n++
		path, _, _ := strings.Cut(v.URL, "?")
		got, err := l.SignSecureLink(path, time.Unix(4102444800, 0))
		if err != nil || got != v.URL {
			t.Errorf("%s: SignSecureLink(%q) = %q, %v, want %q", v.Name, path, got, err, v.URL)
		}
	}
	if n < 4 {
		t.Errorf("%d signed", n)
	}
	got, err := l.SignSecureLink("https://files.example.test/r", time.Unix(4102444800, 0))
	if err != nil || !strings.HasPrefix(got, "https://files.example.test/r?dvn=2026b.4102444799.") {
		t.Errorf("with a host: %q, %v", got, err)
	}
}

func TestSecureLinksThatCantBeSigned(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		keys, url string
		expires   time.Time
		want      string
	}{
		"a query":                {"", "/a?b=c", later, "without a query"},
		"an empty query":         {"", "/a?", later, "without a query"},
		"over":                   {"", "/a", time.Now().Add(-time.Hour), "is over"},
		"no expiry":              {"", "/a", time.Time{}, "not set"},
		"an ambiguous path":      {"", "/a//b", later, "want a path"},
		"a URL that isn't one":   {"", "/%", later, "sign a link"},
		"longer than its key":    {" accept-until=2100-01-01T00:00:00Z", "/a", time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC), "accepted until"},
		"a key that signs later": {" sign-from=2900-01-01T00:00:00Z", "/a", later, "no key signs now"},
	} {
		keys := mustKeys(t, "k "+strings.Repeat("A", 43)+tt.keys)
		got, err := NewLinks(keys, nil).SignSecureLink(tt.url, tt.expires)
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != "" {
			t.Errorf("%s: %q, %v, want an error with %q", name, got, err, tt.want)
		}
	}
}

// The vectors are what their script makes.
func TestSecureLinksScript(t *testing.T) {
	out, err := exec.Command(testserver.Binary(t, "python3", "DOWNLOADVIEW_PYTHON"), "testdata/securelinks.py").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(secureLinkFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != string(want) {
		t.Error("testdata/securelinks.json is not what testdata/securelinks.py prints")
	}
}

func TestSubkeys(t *testing.T) {
	all, keys := readSecureLinks(t)
	for purpose, want := range all.Subkeys {
		got, err := keys.Subkeys(purpose)
		if err != nil || len(got) != 2 {
			t.Fatalf("Subkeys(%q) = %d keys, %v", purpose, len(got), err)
		}
		for i, id := range []string{"2026a", "2026b"} {
			if got[i].ID != id || hex.EncodeToString(got[i].Secret) != want[id] {
				t.Errorf("%s: subkey %d is %s %x, want %s %s", purpose, i, got[i].ID, got[i].Secret, id, want[id])
			}
		}
		if !got[0].AcceptUntil.Equal(time.Unix(4102444800, 0)) || !got[1].AcceptUntil.IsZero() {
			t.Errorf("%s: accepted until %v and %v", purpose, got[0].AcceptUntil, got[1].AcceptUntil)
		}
	}
	if got, err := new(Keys).Subkeys(LinkPurpose); got != nil || err != nil {
		t.Errorf("of no keys: %v, %v", got, err)
	}
}
