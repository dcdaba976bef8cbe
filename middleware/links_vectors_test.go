package middleware

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
	Name, URL, Cookie, Client, Session, Version, Prefix string
	Now                                                 int64
	Reason                                              LinkReason
	Grant                                               *struct {
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
	if len(v.Links) < 130 {
		t.Fatalf("%d vectors", len(v.Links))
	}
	return v, mustKeys(t, "2026a "+v.Keys["2026a"]+"\n2026b "+v.Keys["2026b"])
}

func (v *vector) links(k *Keys) *Links {
	l := NewLinks(k, &LinksOptions{
		Session: func(*http.Request) string { return v.Session },
		Version: func(*http.Request) (string, error) { return v.Version, nil },
	})
	setTime(l, time.Unix(v.Now, 0))
	return l
}

func (v *vector) request(t testing.TB) *http.Request {
	t.Helper()
	r := httptest.NewRequest("GET", v.URL, nil)
	if v.Cookie != "" {
		r.Header.Set("Cookie", v.Cookie)
	}
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
			if got, want := v.signed(t, v.links(keys)), v.want(); got != want {
				t.Errorf("signed %q, want %q", got, want)
			}
		})
	}
}

// signed signs the grant of a vector.
func (v *vector) signed(t *testing.T, l *Links) string {
	t.Helper()
	g := Grant{
		Expires: time.Unix(1800000000, 0), NotBefore: v.Grant.NotBefore, Name: v.Grant.Name, Disposition: v.Grant.Disposition,
		Network: v.Grant.Network, Times: v.Grant.Times, ID: v.Grant.ID, Session: v.Grant.Session, Version: v.Grant.Version, ThisHost: v.Grant.ThisHost,
	}
	var got string
	var err error
	switch {
	case v.Cookie != "":
		c, errCookie := l.Cookie(v.Prefix, g)
		if err = errCookie; err == nil {
			got = c.Name + "=" + c.Value
		}
	case v.Prefix != "":
		got, err = l.SignPrefix(v.Prefix, g)
	default:
		u := mustURL(t, v.URL)
		u.RawQuery = strings.TrimSuffix(u.RawQuery[:strings.Index(u.RawQuery, "dv=")], "&")
		got, err = l.Sign(u.String(), g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// want is what signed should return: the URL, the part of it that SignPrefix makes, or
// the cookie.
func (v *vector) want() string {
	switch {
	case v.Cookie != "":
		return v.Cookie
	case v.Prefix != "":
		host, rest, _ := strings.Cut(v.URL, "/~")
		token, _, _ := strings.Cut(rest, "/")
		return host + "/~" + token + strings.TrimPrefix(v.Prefix, host)
	}
	return v.URL
}

// Programs in other languages verify as this package does.
func TestVectorsInOtherLanguages(t *testing.T) {
	all, _ := readVectors(t)
	var want []string
	for _, v := range all.Links {
		want = append(want, v.Name+"\t"+string(v.Reason))
	}
	for _, cmd := range []*exec.Cmd{
		exec.Command(testserver.Binary(t, "python3", "DOWNLOADVIEW_PYTHON"), "testdata/verify.py"),
		exec.Command(testserver.Binary(t, "node", "DOWNLOADVIEW_NODE"), "testdata/verify.js"),
	} {
		withVectors(t, cmd, want)
	}
}

// A program in Python signs as this package does.
func TestVectorsAreSignedInPython(t *testing.T) {
	all, _ := readVectors(t)
	var want []string
	for _, v := range all.Links {
		if v.Grant != nil {
			want = append(want, v.Name+"\t"+v.want())
		}
	}
	withVectors(t, exec.Command(testserver.Binary(t, "python3", "DOWNLOADVIEW_PYTHON"), "testdata/sign.py"), want)
}

// withVectors runs a program that reads the vectors, and checks the lines that it prints.
func withVectors(t *testing.T, cmd *exec.Cmd, want []string) {
	t.Helper()
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) {
		t.Errorf("%s prints %d lines, want %d", cmd, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s prints %q, want %q", cmd, got[i], want[i])
		}
	}
}
