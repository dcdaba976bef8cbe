package middleware

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDecodeBase64URL(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		s := make([]byte, r.IntN(40))
		for i := range s {
			s[i] = letters[r.IntN(len(letters))]
		}
		text := string(s)
		b := make([]byte, len(text)*3/4)
		ok := decodeBase64URL(b, text)
		want, errLoose := base64.RawURLEncoding.DecodeString(text)
		_, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if !ok || errLoose == nil && !bytes.Equal(b, want) {
			t.Fatalf("%q: %x, %v, want %x", text, b, ok, want)
		}
		if len(text) > 0 && isExact(text) != (err == nil) {
			t.Fatalf("%q: exact is %v, but base64 says %v", text, isExact(text), err)
		}
	}
	for c := range 256 {
		if strings.IndexByte(letters, byte(c)) >= 0 {
			continue
		}
		for n := range 11 {
			for i := range n {
				s := bytes.Repeat([]byte("A"), n)
				s[i] = byte(c)
				if decodeBase64URL(make([]byte, n*3/4), string(s)) || isBase64URL(string(s)) {
					t.Errorf("%q is taken for base64url", s)
				}
			}
		}
	}
}

func TestEachBitOfTheMACCounts(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	for i := len(link) - macLen; i < len(link); i++ {
		for c := range 128 {
			u := mustURL(t, "/a?")
			u.RawQuery = link[len("/a?"):i] + string(rune(c)) + link[i+1:]
			want := LinkAltered
			switch {
			case byte(c) == link[i]:
				want = ""
			case base64URLBits[c] > 63:
				want = LinkMalformed // "&" and "%", too: the rest is too short, or not unescaped
			}
			r := httptest.NewRequest("GET", "/a", nil)
			r.URL = u
			if _, err := l.verify(r); reasonOf(t, err) != want {
				t.Errorf("character %d of the MAC is %q: %v, want %q", i-len(link)+macLen, rune(c), err, want)
			}
		}
	}
}
