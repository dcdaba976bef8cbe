package downloadview

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The answer's Cache-Control is never weaker than that of an outer handler or that of
// the view, and an answer with a cookie is private.
func TestCachePolicy(t *testing.T) {
	stored := func(policy, expires string) *object {
		o := newObject("0123456789")
		o.CacheControl, o.Expires = policy, expires
		return o
	}
	plain := newObject("0123456789")
	for _, tt := range []struct {
		name    string
		outside []string
		cookie  string
		resp    Response
		want    string
	}{
		{"nothing", nil, "", Response{File: plain}, "private, no-cache"},
		{"the view's", nil, "", Response{File: plain, CacheControl: "public, max-age=60"}, "public, max-age=60"},
		{"weaker outside", []string{"public, max-age=60"}, "", Response{File: plain}, "private, no-cache"},
		{"other outside", []string{"max-age=60"}, "", Response{File: plain, CacheControl: "public, max-age=9"}, "public, max-age=9"},
		{"no-store outside", []string{"no-store"}, "", Response{File: plain}, "no-store"},
		{"no-store outside in capitals, among others", []string{"max-age=0, No-Store"}, "", Response{File: plain}, "max-age=0, No-Store"},
		{"no-store outside in a second line", []string{"private", "no-store"}, "", Response{File: plain, CacheControl: "max-age=60"}, "no-store"},
		{"no-store in quotes is none", []string{`x="a, no-store"`}, "", Response{File: plain}, "private, no-cache"},
		{"no-store here", []string{"no-cache"}, "", Response{File: plain, CacheControl: "no-store"}, "no-store"},
		{"private outside", []string{"private"}, "", Response{File: plain, CacheControl: "Public, max-age=60, s-maxage=90"}, "private, max-age=60"},
		{"no-cache outside", []string{"no-cache, must-revalidate"}, "", Response{File: plain, CacheControl: "max-age=60"}, "no-cache, must-revalidate, max-age=60"},
		{"no-transform outside", []string{"no-transform"}, "", Response{File: plain}, "no-transform, private, no-cache"},
		{"no-store in the view's header", nil, "", Response{File: plain}.WithHeader("Cache-Control", "no-store"), "no-store"},
		{"no-store in the view's header, in lower case", nil, "", Response{File: plain, Header: http.Header{"cache-control": {"no-store"}}}, "no-store"},
		{"stored", nil, "", Response{File: stored("max-age=60", ""), StoredFields: StoredCacheControl}, "max-age=60"},
		{"stored below no-store", []string{"no-store"}, "", Response{File: stored("public, max-age=60", ""), StoredFields: StoredCacheControl}, "no-store"},
		{"a stored date below no-store", []string{"no-store"}, "", Response{File: stored("", "Thu, 01 Jan 2099 00:00:00 GMT"), StoredFields: StoredCacheControl}, "no-store"},
		{"a stored date below private", []string{"private"}, "", Response{File: stored("", "Thu, 01 Jan 2099 00:00:00 GMT"), StoredFields: StoredCacheControl}, "private"},
		{"public with a cookie", nil, "a=b", Response{File: plain, CacheControl: "public, max-age=60"}, "private, max-age=60"},
		{"public with the view's cookie", nil, "", Response{File: plain, CacheControl: "public, max-age=60, immutable"}.WithHeader("Set-Cookie", "a=b"), "private, max-age=60, immutable"},
		{"public with the view's cookie in lower case", nil, "", Response{File: plain, CacheControl: "public", Header: http.Header{"set-cookie": {"a=b"}}}, "private"},
		{"a lifetime with a cookie", nil, "a=b", Response{File: plain, CacheControl: "max-age=60"}, "private, max-age=60"},
		{"private for one field with a cookie", nil, "a=b", Response{File: plain, CacheControl: `private="X-A", max-age=60`}, `private, max-age=60`},
		{"stored public with a cookie", nil, "a=b", Response{File: stored("public", ""), StoredFields: StoredCacheControl}, "private"},
		{"a stored date with a cookie", nil, "a=b", Response{File: stored("", "Thu, 01 Jan 2099 00:00:00 GMT"), StoredFields: StoredCacheControl}, "private"},
		{"no-store with a cookie", nil, "a=b", Response{File: plain, CacheControl: "no-store"}, "no-store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			outside := http.Header{}
			if tt.outside != nil {
				outside["Cache-Control"] = tt.outside
			}
			if tt.cookie != "" {
				outside["Set-Cookie"] = []string{tt.cookie}
			}
			ways := map[string]func() (int, http.Header){
				"streamed": func() (int, http.Header) { return answerBelow(outside, tt.resp) },
				"304":      func() (int, http.Header) { return answerBelow(outside, tt.resp, "If-None-Match", `"v1"`) },
				"parts":    func() (int, http.Header) { return answerBelow(outside, tt.resp, "Range", "bytes=0-0,5-5") },
				"handed over": func() (int, http.Header) {
					resp := tt.resp
					resp.Offloader = everything{likeNginx}
					return answerBelow(outside, resp)
				},
			}
			for name, ask := range ways {
				if status, h := ask(); !slices.Equal(h["Cache-Control"], []string{tt.want}) {
					t.Errorf("%s: %d, Cache-Control %q, want %q", name, status, h["Cache-Control"], tt.want)
				}
			}
		})
	}
}

// An answer with a cookie has no cache policies for one kind of cache, such as
// CDN-Cache-Control.
func TestCachePolicyForOneCache(t *testing.T) {
	h := http.Header{"cdn-cache-control": {"public"}, "Cloudflare-CDN-Cache-Control": {"max-age=60"}, "Surrogate-Control": {"max-age=60"}, "X-Accel-Expires": {"60"}, "Edge-Control": {"max-age=60"}, "X-LiteSpeed-Cache-Control": {"public"}}
	for cookie, want := range map[string]int{"": len(h), "a=b": 0} {
		outside := http.Header{}
		if cookie != "" {
			outside.Set("Set-Cookie", cookie)
		}
		for _, request := range [][]string{nil, {"If-None-Match", `"v1"`}} {
			_, got := answerBelow(outside, Response{File: newObject("x"), Header: h, CacheControl: "public, max-age=60"}, request...)
			n := 0
			for key := range h {
				n += len(got.Values(key))
			}
			if n != want {
				t.Errorf("with the cookie %q: %v, want %d policies for caches", cookie, got, want)
			}
		}
	}
}

// A redirect may be cached as long as its URL is valid, unless the view or an outer
// handler forbids it.
func TestCachePolicyOfARedirect(t *testing.T) {
	for _, tt := range []struct{ outside, view, want string }{
		{"", "", "private, max-age=30"},
		{"", "public, max-age=900", "private, max-age=30"},
		{"", "no-store", "no-store"},
		{"no-store", "", "no-store"},
		{"no-store", "public", "no-store"},
		{"no-cache", "", "no-cache, private, max-age=30"},
	} {
		outside := http.Header{}
		if tt.outside != "" {
			outside.Set("Cache-Control", tt.outside)
		}
		resp := Response{File: signedObject{newObject("x"), nil}, CacheControl: tt.view, Offloader: linking{status: 302}}
		if status, h := answerBelow(outside, resp); status != 302 || h.Get("Cache-Control") != tt.want {
			t.Errorf("outside %q, view %q: %d, Cache-Control %q, want %q", tt.outside, tt.view, status, h.Get("Cache-Control"), tt.want)
		}
	}
}

// For every Cache-Control of an outer handler and of the view, the answer forbids
// what one of them forbids, and no shared cache may store an answer with a cookie.
func FuzzCachePolicy(f *testing.F) {
	for _, s := range []string{
		"", "no-store", "private, no-cache", "public, max-age=60", `private="X-A, no-store", s-maxage=9`, "NO-STORE,", `x="\\", no-cache`, `"`, ",,private , Public",
		"no-transform", "must-revalidate,proxy-revalidate",
	} {
		f.Add(s, "no-store", false)
		f.Add("public, max-age=60", s, true)
		f.Add(s, "no-cache, no-transform", true)
	}
	f.Fuzz(func(t *testing.T, policy, other string, cookie bool) {
		h := http.Header{"Cache-Control": {other}}
		if cookie {
			h["Set-Cookie"] = []string{"a=b"}
		}
		fields := fields{header: h}
		fields.cache(policy)
		got := directivesOf(strings.Join(h["Cache-Control"], ", "))
		if len(h["Cache-Control"]) > 1 {
			t.Fatalf("several lines: %q", h["Cache-Control"])
		}
		if slices.Contains(got, "no-store") {
			if !slices.Contains(directivesOf(policy), "no-store") && !slices.Contains(directivesOf(other), "no-store") {
				t.Errorf("%q below %q: %q, want no-store only if one of them has it", policy, other, h["Cache-Control"])
			}
			return // no more can be forbidden
		}
		for _, d := range append(directivesOf(policy), directivesOf(other)...) {
			if slices.Contains([]string{"no-store", "private", "no-cache", "must-revalidate", "proxy-revalidate", "no-transform"}, d) && !slices.Contains(got, d) {
				t.Errorf("%q below %q: %q lacks %s", policy, other, h["Cache-Control"], d)
			}
		}
		if cookie && (!slices.Contains(got, "private") || slices.Contains(got, "public") && !slices.Contains(directivesOf(policy), "private")) {
			t.Errorf("%q below %q with a cookie: %q", policy, other, h["Cache-Control"])
		}
	})
}

// directivesOf returns the directives of a Cache-Control in lower case. Text in quotes
// is not a directive.
func directivesOf(value string) (all []string) {
	quoted, escaped := false, false
	for d := range strings.FieldsFuncSeq(value, func(r rune) bool {
		switch {
		case escaped:
			escaped = false
		case r == '"':
			quoted = !quoted
		case r == '\\' && quoted:
			escaped = true
		}
		return r == ',' && !quoted
	}) {
		all = append(all, strings.ToLower(strings.Trim(d, " \t")))
	}
	return all
}
