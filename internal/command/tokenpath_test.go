package command

import "testing"

func TestPathsWithTokens(t *testing.T) {
	const token = "~1.k1.1790000000.cDE6Mw.AAAAAAAAAAAAAAAAAAAAAA"
	for _, tt := range []struct{ path, logged, below string }{
		{"/a/b", "/a/b", ""},
		{"/~1.txt", "/~1.txt", ""},
		{"/~1.2.3.txt", "/~1.2.3.txt", ""},
		{"/" + token + "/a/b", "/~xxxxx/a/b", "/a/b"},
		{"/" + token[:len(token)-1] + "/a", "/~xxxxx/a", "/a"},
		{"/~1.k1.1790000000.cDE6Mw", "/~xxxxx", ""},
		{"/app/" + token + "/a", "/app/~xxxxx/a", ""},
		{"/~1.x/" + token + "/a", "/~1.x/~xxxxx/a", ""},
		{"/" + token + "/" + token + "/", "/~xxxxx/~xxxxx/", "/" + token + "/"},
		{token, token, ""}, // no path
		{"/a.txt?dv=1.k1.1790000000.-.AAAAAAAAAAAAAAAAAAAAAA", "/a.txt?dv=xxxxx", ""},
		{"/a.txt?dvn=k1.1790000000.AAAAAAAAAAAAAAAAAAAAAA", "/a.txt?xxxxx", ""},
		{"/dvn=1/dv", "/xxxxx/dv", ""},
		{"/" + token + "/a?b=c&dv=" + token[1:] + "/d", "/~xxxxx/a?b=c&dv=xxxxx/d", "/a?b=c&dv=" + token[1:] + "/d"},
	} {
		if got := withoutToken(tt.path); got != tt.logged {
			t.Errorf("withoutToken(%q) = %q, want %q", tt.path, got, tt.logged)
		}
		if below, ok := belowToken(tt.path); ok && below != tt.below || !ok && (below != tt.path || tt.below != "") {
			t.Errorf("belowToken(%q) = %q, %v, want %q", tt.path, below, ok, tt.below)
		}
	}
}
