package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func getPage(t *testing.T, h http.Handler, target string) (http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d, want 200", target, w.Code)
	}
	return w.Header(), w.Body.String()
}

func TestPageShowsEveryItem(t *testing.T) {
	s := newTestStock(t)
	h, err := newDemo(s)
	if err != nil {
		t.Fatal(err)
	}
	_, page := getPage(t, h, "/")
	for _, i := range items(t, s) {
		want := wants[i.Slug]
		_, row, _ := strings.Cut(page, `<li id="`+i.Slug+`">`)
		row, _, ok := strings.Cut(row, "</li>")
		if !ok {
			t.Errorf("%s is not on the page", i.Slug)
			continue
		}
		parts := []string{`<a href="` + strings.ReplaceAll(linkTo(i), "&", "&amp;") + `">`}
		switch {
		case want.status >= 300:
			parts = append(parts, http.StatusText(want.status))
		case i.Token != "":
			parts = append(parts, "401 Unauthorized", "200 OK", "Authorization: Bearer "+i.Token)
		default:
			parts = append(parts, "200 OK", "<dt>Content-Disposition</dt>")
		}
		if want.nginx != "" {
			parts = append(parts, "<dt>X-Accel-Redirect</dt><dd>"+want.nginx+"</dd>", "handed over")
		}
		for _, p := range parts {
			if !strings.Contains(row, p) {
				t.Errorf("%s: there is no %q in\n%s", i.Slug, p, row)
			}
		}
		if want.nginx == "" && strings.Contains(row, "handed over") {
			t.Errorf("%s is said to be handed over, and is not", i.Slug)
		}
		if same := strings.Contains(row, "The same as without a proxy."); same != (want.nginx == "") {
			t.Errorf("%s: it is said that the proxy gets the same: %t, want %t", i.Slug, same, !same)
		}
	}
}

func TestPageEscapesNames(t *testing.T) {
	_, page := getPage(t, newTestDemo(t), "/")
	for _, raw := range []string{"<angles>", `"quotes" &`, "\u202e", "<script", " onclick", "javascript:"} {
		if strings.Contains(page, raw) {
			t.Errorf("%q is on the page as it is", raw)
		}
	}
	for _, escaped := range []string{
		"&#34;quotes&#34; &amp; &lt;angles&gt;.txt",
		`href="/bucket/letters/%22quotes%22%20&amp;%20%3Cangles%3E.txt"`,
		`href="/afero/report%20%E2%80%AEfdp.txt"`,
		`href="/folder/` + escapedScripts + `"`,
		`href="/token/` + escapedPercent + `"`,
	} {
		if !strings.Contains(page, escaped) {
			t.Errorf("there is no %q on the page", escaped)
		}
	}
}

func TestPagePolicy(t *testing.T) {
	header, page := getPage(t, newTestDemo(t), "/")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("the page has no style")
	}
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "style-src 'sha256-" + hash(style[1]) + "'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("Content-Security-Policy is %q, want %q in it", policy, part)
		}
	}
	if strings.Contains(page, ` style="`) {
		t.Error("an element has a style of its own, which the policy forbids")
	}
}

func TestPageOpensHeaders(t *testing.T) {
	h := newTestDemo(t)
	for target, want := range map[string]int{"/": 0, "/?headers=all": len(wants)} {
		_, page := getPage(t, h, target)
		if got := strings.Count(page, "<details open>"); got != want {
			t.Errorf("%s: %d headers are open, want %d", target, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for name, want := range map[string]string{
		"zażółć € 日本.txt":  "zażółć € 日本.txt",
		"a\nb\x7f":         "a␊b␡",
		"report \u202efdp": "report \ufffdfdp",
		"a\xffb":           "a\ufffdb",
	} {
		if got := visible(name); got != want {
			t.Errorf("visible(%q) = %q, want %q", name, got, want)
		}
	}
}
