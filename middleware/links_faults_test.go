package middleware

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// Each row is a fault that signed links of other programs had, by the place where it was
// reported.
func TestFaultsOfOthers(t *testing.T) {
	for _, tt := range []struct {
		where, what string
		test        func(*testing.T)
	}{
		{"laravel/framework#60137, #38111", "a path brings its own expiry, question mark and parameters", pathWithParameters},
		{"cloudflare/cloudflare-docs#3277", "digits move between path and expiry", digitsMove},
		{"laravel/framework#59860", "an array, or a parameter twice, skips the check", tokenTwice},
		{"gurenjs/guren#623", "a path is taken for a host", pathLikeHost},
		{"BitMiracle-AI/Dormice#90", "a hash with a secret in front can be made longer", hashInPlaceOfMAC},
		{"lanej/hmac#8, morcen/passage#137", "method and query are not signed", methodAndQuery},
		{"laravel/framework#43160, #36974", "parameters of mail programs break a link, or reach the view", parametersOfMail},
		{"imgproxy", "without a key there is no check", noKey},
		{"imgproxy/imgproxy#93, willnorris/imageproxy#206", "keys can't be rotated", rotation},
		{"rails/rails#55865, #54637, eventaservo#1073", "links for ever, and caches that outlive them", forEver},
		{"aws/aws-sdk-net#3885, goauthentik/authentik#21942", "nothing is cached, since each link differs", eachDiffers},
		{"rails/rails#41657", "a video stops after five minutes", videoStops},
	} {
		t.Run(tt.where+": "+tt.what, tt.test)
	}
}

// reason returns why a request is refused, "" if it is let in.
func (l *Links) reason(t *testing.T, r *http.Request) LinkReason {
	t.Helper()
	_, err := l.verify(r)
	return reasonOf(t, err)
}

func mustRefuse(t *testing.T, l *Links, target string, want LinkReason) {
	t.Helper()
	if got := l.reason(t, httptest.NewRequest("GET", target, nil)); got != want {
		t.Errorf("%s: refused for %q, want %q", target, got, want)
	}
}

func mustAdmit(t *testing.T, l *Links, target string) { t.Helper(); mustRefuse(t, l, target, "") }

func pathWithParameters(t *testing.T) {
	l := testLinks(t, nil)
	over := testNow.Add(-time.Hour)
	setTime(l, over.Add(-time.Hour))
	odd := mustSign(t, l, "/a%3Fdv=1.a.99999999999.-.x&expires=99999999999%23", Grant{Expires: over})
	prefix := mustSignPrefix(t, l, "/a%3Fexpires=99999999999&/", Grant{Expires: over})
	mustAdmit(t, l, odd)
	mustAdmit(t, l, prefix+"x")
	if strings.Count(odd, "?") != 1 || strings.Contains(prefix, "?") {
		t.Errorf("signed %s and %s, want the question mark of the path escaped", odd, prefix)
	}
	setTime(l, testNow)
	mustRefuse(t, l, odd, LinkExpired)
	mustRefuse(t, l, prefix+"x", LinkExpired)
	mustRefuse(t, l, strings.Replace(odd, "%3F", "?", 1), LinkMalformed) // two tokens now
	mustRefuse(t, l, strings.Replace(prefix, "%3F", "?", 1)+"x", LinkAltered)
}

func digitsMove(t *testing.T) {
	l := testLinks(t, nil)
	expiry := fmt.Sprint(testNow.Add(time.Hour).Unix())
	link := mustSign(t, l, "/get/123456", Grant{})
	mustRefuse(t, l, strings.NewReplacer("123456", "12345", expiry, "6"+expiry).Replace(link), LinkAltered)
	prefix := mustSignPrefix(t, l, "/get/1/", Grant{})
	mustRefuse(t, l, strings.NewReplacer("/get/1/", "/get/", expiry, "1"+expiry).Replace(prefix), LinkAltered)
}

func tokenTwice(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a/x", Grant{})
	token := link[strings.Index(link, "dv=")+len("dv="):]
	prefix := mustSignPrefix(t, l, "/a/", Grant{})
	cookie := mustCookie(t, l, "/a/", Grant{})
	mustRefuse(t, l, "/a/x?dv[]="+token, LinkMissing)
	for _, target := range []string{
		link + "&dv=" + token, link + "&dv=", "/a/x?dv=&dv=" + token, "/a/x?dv", link + "&d%76=1",
		prefix + "x?dv=" + token, strings.TrimSuffix(prefix, "/a/") + prefix + "x", prefix + strings.TrimPrefix(prefix, "/"),
	} {
		mustRefuse(t, l, target, LinkMalformed)
	}
	r := httptest.NewRequest("GET", "/a/x", nil)
	r.AddCookie(cookie)
	if got := l.reason(t, r); got != "" {
		t.Errorf("a cookie: refused for %q", got)
	}
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "1"})
	if got := l.reason(t, r); got != LinkMalformed {
		t.Errorf("a cookie twice: refused for %q", got)
	}
	r = httptest.NewRequest("GET", link, nil) // a browser sends cookies with each request
	r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "1"})
	if got := l.reason(t, r); got != "" {
		t.Errorf("a cookie beside a link: refused for %q", got)
	}
}

func pathLikeHost(t *testing.T) {
	l := testLinks(t, nil)
	link, prefix := mustSign(t, l, "/evil.test/x", Grant{}), mustSignPrefix(t, l, "/evil.test/", Grant{})
	for _, target := range []string{"/" + link, `/\` + link[1:], `/%5C` + link[1:], `\` + link, prefix[:strings.Index(prefix, "/evil")] + "/" + prefix[strings.Index(prefix, "/evil"):]} {
		u, err := http.NewRequest("GET", target, nil)
		if err != nil {
			continue // not even a URL
		}
		if got := l.reason(t, u); got == "" {
			t.Errorf("%s is let in", target)
		}
	}
	for _, rawURL := range []string{"//evil.test", `/\evil.test`, "/%5Cevil.test/", "https://example.test//evil.test/"} {
		if link, err := l.Sign(rawURL, Grant{Expires: testNow.Add(time.Hour)}); err == nil {
			t.Errorf("Sign(%q) = %q, want an error", rawURL, link)
		}
	}
}

func hashInPlaceOfMAC(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	secret, err := base64.RawURLEncoding.DecodeString(secretA)
	if err != nil {
		t.Fatal(err)
	}
	subkey, err := hkdf.Key(sha256.New, secret, nil, "link", sha256.Size)
	if err != nil {
		t.Fatal(err)
	}
	g := signedBy(t, l, link)
	for name, key := range map[string][]byte{"secret": secret, "subkey": subkey} {
		sum := sha256.Sum256(append(key, g.canonical(nil, "a")...))
		forged := link[:len(link)-macLen] + base64.RawURLEncoding.EncodeToString(sum[:])[:macLen]
		if forged == link {
			t.Errorf("a link has a hash of %s and text", name)
		}
		mustRefuse(t, l, forged, LinkAltered)
	}
}

// signedBy returns what is signed by a link.
func signedBy(t *testing.T, l *Links, target string) link {
	t.Helper()
	g, err := l.verify(httptest.NewRequest("GET", target, nil))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func methodAndQuery(t *testing.T) {
	l := testLinks(t, nil)
	link, prefix := mustSign(t, l, "/a/x?page=2", Grant{}), mustSignPrefix(t, l, "/a/", Grant{})+"x"
	for _, target := range []string{link, prefix} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"} {
			if got := l.reason(t, httptest.NewRequest(method, target, nil)); got != LinkMethod {
				t.Errorf("%s %s: refused for %q, want %q", method, target, got, LinkMethod)
			}
		}
	}
	mustRefuse(t, l, strings.Replace(link, "page=2", "page=3", 1), LinkAltered)
	mustRefuse(t, l, strings.Replace(link, "page=2&", "", 1), LinkAltered)
	mustRefuse(t, l, link+"&page=3", LinkAltered)
}

func parametersOfMail(t *testing.T) {
	l := testLinks(t, nil)
	for target, want := range map[string]string{
		mustSign(t, l, "/a/x?page=2", Grant{}) + "&utm_source=mail&fbclid=1":    "/a/x?page=2",
		mustSignPrefix(t, l, "/a/", Grant{}) + "x?page=2&utm_source=mail&q=a;b": "/a/x",
	} {
		got, status := seenBelow(l, httptest.NewRequest("GET", target, nil))
		if status != 200 || got.url != want || got.uri != want {
			t.Errorf("%s: %d, the view sees %s, want %s", target, status, got.url, want)
		}
	}
}

func noKey(t *testing.T) {
	if _, err := ParseKeys("links.keys", []byte("# later\n")); err == nil {
		t.Error("a key file without a key is none")
	}
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	l.keys = new(Keys)
	mustRefuse(t, l, "/a", LinkMissing)
	mustRefuse(t, l, link, LinkUnknownKey)
	mustRefuse(t, l, "/a?dv=1..1800000000.-."+strings.Repeat("A", macLen), LinkMalformed)
	defer func() {
		if recover() == nil {
			t.Error("NewLinks(nil) is no panic")
		}
	}()
	NewLinks(nil, nil)
}

func rotation(t *testing.T) {
	l := testLinks(t, nil)
	older, olderPrefix := mustSign(t, l, "/a/x", Grant{}), mustSignPrefix(t, l, "/a/", Grant{})+"x"
	l.keys.Swap(mustKeys(t, "a "+secretA+" accept-until="+testNow.Add(time.Minute).UTC().Format(time.RFC3339)+"\nb "+secretB))
	newer := mustSign(t, l, "/a/x", Grant{})
	if !strings.Contains(newer, "dv=1.b.") {
		t.Errorf("%s is not signed by the newer key", newer)
	}
	for _, link := range []string{older, olderPrefix, newer} {
		mustAdmit(t, l, link)
	}
	setTime(l, testNow.Add(time.Minute))
	mustRefuse(t, l, older, LinkUnknownKey)
	mustRefuse(t, l, olderPrefix, LinkUnknownKey)
	mustAdmit(t, l, newer)
}

func forEver(t *testing.T) {
	l := testLinks(t, nil)
	if _, err := l.Sign("/a", Grant{}); err == nil {
		t.Error("a link without an expiry")
	}
	h := l.Handler(downloadview.NewHandler(testView(downloadview.Response{CacheControl: "public, max-age=31536000"}), nil))
	prefix := mustSignPrefix(t, l, "/a/", Grant{Expires: testNow.Add(time.Minute)}) + "x"
	if got := get(h, "GET", prefix).Header().Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control %q, want private and the rest of the minute", got)
	}
	setTime(l, testNow.Add(time.Minute))
	if w := get(h, "GET", prefix); w.Code != 403 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("after it: %d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

func eachDiffers(t *testing.T) {
	l := testLinks(t, nil)
	all, ends := map[string]bool{}, map[string]bool{}
	for s := range 60 {
		g := Grant{Expires: testNow.Add(time.Hour + time.Duration(s)*time.Second), Window: time.Hour}
		all[mustSignPrefix(t, l, "/videos/a/", g)] = true
		ends[strings.Split(mustSignPrefix(t, l, fmt.Sprintf("/videos/%d/", s), g), ".")[2]] = true
	}
	if len(all) > 2 {
		t.Errorf("%d links in a minute, want at most 2", len(all))
	}
	if len(ends) < 50 {
		t.Errorf("the links of 60 folders end at %d times, want many", len(ends))
	}
}

func videoStops(t *testing.T) {
	l := testLinks(t, nil)
	prefix := mustSignPrefix(t, l, "/videos/a/", Grant{Expires: testNow.Add(4 * time.Hour)})
	cookie := mustCookie(t, l, "/videos/a/", Grant{Expires: testNow.Add(4 * time.Hour)})
	h := l.Handler(downloadview.NewHandler(testView(downloadview.Response{}), nil))
	setTime(l, testNow.Add(3*time.Hour))
	for _, w := range []*httptest.ResponseRecorder{
		get(h, "GET", prefix+"film.mp4", "Range", "bytes=5-7"),
		get(h, "GET", "/videos/a/film.mp4", "Range", "bytes=5-7", "Cookie", cookie.Name+"="+cookie.Value),
	} {
		if w.Code != 206 || w.Body.String() != "567" {
			t.Errorf("after three hours: %d %q", w.Code, w.Body)
		}
	}
}
