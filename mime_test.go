package downloadview

import (
	"strings"
	"testing"
)

func TestTypesByName(t *testing.T) {
	types := Types{
		"pdf": "text/html", "gmap": "application/x-map", "tar.gmap": "application/x-map-archive", "readme": "text/plain",
		"bad": "image/png, text/html", "broken": "image/png\r\nX: y", "jpg": "", "js": "image/png",
	}
	for name, want := range map[string]string{
		"a.pdf":          "text/html; charset=utf-8",
		"A.PDF":          "text/html; charset=utf-8",
		"a.b.gmap":       "application/x-map",
		"a.tar.gmap":     "application/x-map-archive",
		"v1.0.tar.Gmap":  "application/x-map-archive",
		"tar.gmap":       "application/x-map",
		"x/a.tar/b.gmap": "application/x-map",
		"x.gmap/a":       "",
		"gmap":           "",
		"a.readme":       "text/plain; charset=utf-8",
		"a.bad":          "",
		"a.broken":       "",
		"a.jpg":          "image/jpeg",
		"a.pdf.png":      "image/png",
		".pdf":           "text/html; charset=utf-8",
		"":               "",
	} {
		if got := types.byName(name); got != want {
			t.Errorf("type of %q = %q, want %q", name, got, want)
		}
		if got := Types(nil).byName(name); got != TypeByName(name) {
			t.Errorf("type of %q without types = %q", name, got)
		}
	}
}

// If neither the view nor the storage has a type, that in Response.Types is used for
// streamed, handed over and redirected files. It decides whether a file may be shown.
func TestTypesOfAResponse(t *testing.T) {
	types := Types{"bin": "image/png", "pdf": "text/html", "dat": "text/javascript"}
	handedOver := everything{proxy{Handover{Field: "X-Accel-Redirect", Terms: &Terms{KeepsSafety: true}}}}
	for _, tt := range []struct {
		name, key, stored, ofView string
		want, kind                string
	}{
		{"", "a.bin", "", "", "image/png", "inline"},
		{"", "a.bin", "application/octet-stream", "", "image/png", "inline"},
		{"", "a.bin", "audio/mpeg", "", "audio/mpeg", "inline"},
		{"", "a.bin", "", "video/mp4", "video/mp4", "inline"},
		{"", "a.pdf", "", "", "text/html; charset=utf-8", "attachment"},
		{"", "a.dat", "", "", "application/octet-stream", "attachment"},
		{"x.bin", "a.pdf", "", "", "image/png", "inline"},
		{"x", "a.bin", "", "", "image/png", "inline"},
		{"", "a.png", "", "", "image/png", "inline"},
	} {
		for way, offloader := range map[string]Offloader{"streamed": nil, "handed over": handedOver} {
			o := newObject("x")
			o.name, o.ContentType = tt.key, tt.stored
			_, h := answerBelow(nil, Response{File: o, Name: tt.name, ContentType: tt.ofView, Types: types, Disposition: Inline, Offloader: offloader, CheckFirst: true})
			kind, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
			if got := h.Get("Content-Type"); got != tt.want || kind != tt.kind {
				t.Errorf("%+v, %s: type %q, %s", tt, way, got, kind)
			}
		}
		o := newObject("x")
		o.name, o.ContentType = tt.key, tt.stored
		_, h := answerBelow(nil, Response{File: signedObject{o, nil}, Name: tt.name, ContentType: tt.ofView, Types: types, Offloader: linking{status: 302}, CheckFirst: true})
		if got := h.Get("Location"); !strings.HasSuffix(got, "&"+tt.want) {
			t.Errorf("%+v: signed as %q", tt, got)
		}
	}
}

func TestBuiltInTypes(t *testing.T) {
	types := BuiltInTypes()
	if len(types) < 400 {
		t.Errorf("%d types", len(types))
	}
	for ext, want := range types {
		if got := TypeByName("a." + ext); got != want {
			t.Errorf("TypeByName of .%s = %q, want %q", ext, got, want)
		}
	}
	types["pdf"] = "text/plain"
	if got := TypeByName("a.pdf"); got != "application/pdf" {
		t.Errorf("after a change of the map, .pdf is %q", got)
	}
}
