package downloadview

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A file with a Content-Encoding is handed over to a proxy that can be told.
func TestOffloadCoded(t *testing.T) {
	stored := WithSource(FromBytes("a.css", []byte("0123456789"), &Attributes{ContentEncoding: "br", ModTime: changed}), Source{Scheme: "file", Path: "/a.css.br"})
	byFile := Response{File: stored, CheckFirst: true}
	byView := Response{File: newLocalFile(t, "a.txt", "0123456789")}.WithHeader("content-encoding", "gzip")
	under := func(field string, unfit RequestKinds) proxy {
		p := likeNginx
		p.Terms = &Terms{CodingField: field, Unfit: unfit}
		return p
	}
	ranged := []string{"Range", "bytes=0-1"}
	for _, tt := range []struct {
		name     string
		resp     Response
		proxy    proxy
		request  []string
		obstacle Obstacle
		field    string
		value    string
	}{
		{"can't be told", byFile, under("", 0), nil, ContentCoding, "Content-Encoding", "br"},
		{"can't be told, of the view", byView, under("", 0), nil, ContentCoding, "Content-Encoding", "gzip"},
		{"passes it on", byFile, under("Content-Encoding", 0), nil, "", "Content-Encoding", "br"},
		{"passes it on, of the view", byView, under("Content-Encoding", 0), nil, "", "Content-Encoding", "gzip"},
		{"by another name", byFile, under("X-Coding", 0), nil, "", "X-Coding", "br"},
		{"by another name, of the view", byView, under("X-Coding", 0), nil, "", "X-Coding", "gzip"},
		{"a range", byFile, under("Content-Encoding", 0), ranged, "", "Content-Encoding", "br"},
		{"no ranges", byFile, under("Content-Encoding", CodedRanges), ranged, UnfitRange, "Content-Encoding", "br"},
		{"no ranges, of the view", byView, under("Content-Encoding", CodedRanges), ranged, UnfitRange, "Content-Encoding", "gzip"},
		{"no ranges, none asked for", byFile, under("Content-Encoding", CodedRanges), nil, "", "Content-Encoding", "br"},
		{"no ranges, a plain file", Response{File: newLocalFile(t, "b.txt", "x")}, under("Content-Encoding", CodedRanges), ranged, "", "Content-Encoding", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen Outcome
			v := ViewFunc(func(*http.Request) (Response, error) { return tt.resp, nil })
			h := Use(tt.proxy.middleware)(NewHandler(v, &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}))
			r := httptest.NewRequest("GET", "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Set(tt.request[i], tt.request[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if seen.Obstacle != tt.obstacle || (seen.Mode == Offloaded) != (tt.obstacle == "") {
				t.Errorf("%v, obstacle %q, want obstacle %q", seen.Mode, seen.Obstacle, tt.obstacle)
			}
			if got := w.Header().Get(tt.field); got != tt.value {
				t.Errorf("%s %q, want %q", tt.field, got, tt.value)
			}
			if got := w.Header()["Content-Encoding"]; tt.field != "Content-Encoding" && got != nil {
				t.Errorf("Content-Encoding %q under its own name, too", got)
			}
		})
	}
}
