package middleware

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

const vectorFile = "testdata/links.json"

// vectors are links that were made without this package.
type vectors struct {
	Keys  map[string]string
	Links []vector
}

type vector struct {
	Name, URL, Client, Session, Version string
	Now                                 int64
	Reason                              LinkReason
	Grant                               *struct {
		Name, Disposition, ID, Session, Version string
		NotBefore                               time.Time
		Network                                 netip.Prefix
		Times                                   int
		ThisHost                                bool
	}
}

func readVectors(t testing.TB) (v vectors, k *Keys) {
	t.Helper()
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Links) < 40 {
		t.Fatalf("%d vectors", len(v.Links))
	}
	return v, mustKeys(t, "2026a "+v.Keys["2026a"]+"\n2026b "+v.Keys["2026b"])
}

func (v *vector) links(k *Keys) *Links {
	l := NewLinks(k, &LinksOptions{
		Session: func(*http.Request) string { return v.Session },
		Version: func(*http.Request) (string, error) { return v.Version, nil },
	})
	l.now = func() time.Time { return time.Unix(v.Now, 0) }
	return l
}

func (v *vector) request(t testing.TB) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", v.URL, nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(v.Client), 4711).String()
	return r
}

func TestVectorsAreVerified(t *testing.T) {
	all, keys := readVectors(t)
	for _, v := range all.Links {
		t.Run(v.Name, func(t *testing.T) {
			_, err := v.links(keys).verify(v.request(t))
			if got := reasonOf(t, err); got != v.Reason {
				t.Errorf("refused for %q, want %q", got, v.Reason)
			}
		})
	}
}

func TestVectorsAreSigned(t *testing.T) {
	all, keys := readVectors(t)
	for _, v := range all.Links {
		if v.Grant == nil {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			u, err := url.Parse(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			u.RawQuery = strings.TrimSuffix(u.RawQuery[:strings.Index(u.RawQuery, "dv=")], "&")
			got, err := v.links(keys).Sign(u.String(), Grant{
				Expires: time.Unix(1800000000, 0), NotBefore: v.Grant.NotBefore, Name: v.Grant.Name, Disposition: v.Grant.Disposition,
				Network: v.Grant.Network, Times: v.Grant.Times, ID: v.Grant.ID, Session: v.Grant.Session, Version: v.Grant.Version, ThisHost: v.Grant.ThisHost,
			})
			if err != nil || got != v.URL {
				t.Errorf("Sign(%q) = %q, %v, want %q", u, got, err, v.URL)
			}
		})
	}
}

// A verifier in another language takes and refuses the same.
func TestVectorsInPython(t *testing.T) {
	python := testserver.Binary(t, "python3", "DOWNLOADVIEW_PYTHON")
	all, _ := readVectors(t)
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/verify.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, v := range all.Links {
		want.WriteString(v.Name + "\t" + string(v.Reason) + "\n")
	}
	if string(out) != want.String() {
		t.Errorf("verify.py says\n%s\nwant\n%s", out, want.String())
	}
}
