package downloadview

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestParseMediaType(t *testing.T) {
	for s, want := range map[string]struct {
		name    string
		charset bool
	}{
		"image/png":                    {"image/png", false},
		"Text/HTML":                    {"Text/HTML", false},
		"text/plain;charset=utf-8":     {"text/plain", true},
		"text/plain ; Charset=\"a b\"": {"text/plain", true},
		"text/plain; x=charset":        {"text/plain", false},
		`a/b; x="\"; charset=y"`:       {"a/b", false},
		"a/b;":                         {"a/b", false},
		"a/b; ; x=y":                   {"a/b", false},
		"application/vnd.a+xml;v=1.0":  {"application/vnd.a+xml", false},
	} {
		if got, ok := parseMediaType(s); !ok || got.name != want.name || got.charset != want.charset {
			t.Errorf("parseMediaType(%q) = %+v, %v, want %+v", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"", "/", "a/", "/b", "pdf", "a/b/c", " a/b", "a/b ", "a /b", "a/ b", "a/b x", "a/b,", "a/b, c/d", ",a/b", "a/b;x", "a/b;x=", "a/b;x =y",
		"a/b;x= y", "a/b;=y", `a/b;x="y`, `a/b;x="y"z`, "a/b;x=y,c/d", "a/b\r\nX: y", "a/b\x00", "a/b;x=\"\n\"", "ä/b", "a/b;x=ä", "<script>/b", `a/b;x="y\`,
	} {
		if got, ok := parseMediaType(s); ok && isMediaType(s) {
			t.Errorf("parseMediaType(%q) = %+v, want none", s, got)
		}
	}
}

// A type that is shown without a sandbox is harmless for each way in which a browser may
// parse it: it may take the first or the last of a list, up to a space or a semicolon.
func FuzzHarmless(f *testing.F) {
	for _, s := range []string{
		"image/png", "image/png, text/html", "text/plain;charset=utf-8,text/html", "image/svg+xml,", "application/xhtml+xml x",
		`text/plain; a="b, text/html"`, "text/plain; charset=\"utf-8", "TEXT/plain;;", "image/png;text/html", "image/png\ttext/html", "\ntext/html",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if parsed, ok := parseMediaType(s); ok {
			got, _, err := mime.ParseMediaType(parsed.name)
			if err != nil || got != strings.ToLower(parsed.name) || !strings.HasPrefix(s, parsed.name) {
				t.Errorf("parseMediaType(%q) = %q; mime has %q, %v", s, parsed.name, got, err)
			}
		}
		if !isHarmless(s) {
			return
		}
		for reading := range strings.SplitSeq(s, ",") {
			reading = strings.Trim(reading, " \t\r\n\f\x00")
			if end := strings.IndexAny(reading, "; \t\r\n\f\x00("); end >= 0 {
				reading = reading[:end]
			}
			if !harmless[strings.ToLower(reading)] {
				t.Errorf("%q is shown without a sandbox, and a browser may read %q", s, reading)
			}
		}
	})
}

// Every type of the table is well-formed, and no type of a script is harmless.
func TestTypesOfTheTable(t *testing.T) {
	for ext, contentType := range typeByExtension {
		parsed, ok := parseMediaType(contentType)
		if !ok || !isMediaType(contentType) {
			t.Errorf("the type of .%s, %q, is not well formed", ext, contentType)
		}
		kind, _, _ := strings.Cut(parsed.name, "/")
		media := kind == "image" || kind == "audio" || kind == "video" || kind == "font"
		if media && parsed.name != "image/svg+xml" && !isHarmless(contentType) {
			t.Errorf("the type of .%s, %q, is not shown", ext, contentType)
		}
	}
	for name := range scripts {
		if _, ok := parseMediaType(name); !ok || !isScript(name) || !isScript(strings.ToUpper(name)+" ;charset=utf-8") {
			t.Errorf("%s is not taken for a script", name)
		}
	}
	for name := range harmless {
		_, sub, _ := strings.Cut(name, "/")
		if scripts[name] || strings.HasSuffix(sub, "+xml") || slices.Contains([]string{"xml", "html", "xsl", "xslt", "x-shockwave-flash", "java-archive"}, sub) {
			t.Errorf("%s is taken for harmless", name)
		}
	}
}

// The Content-Type and the disposition that each kind of answer has for a type.
func TestTypesAsBrowsersReadThem(t *testing.T) {
	for _, tt := range []struct {
		stored, name string
		want         string // Content-Type
		saved        bool   // as an attachment, even if Inline
		active       string // Content-Type if InlineActive; "" means want
	}{
		{"image/png", "a.bin", "image/png", false, ""},
		{"IMAGE/PNG;q=1", "a.bin", "IMAGE/PNG;q=1", false, ""},
		{"image/png, text/html", "a.png", "image/png", false, ""},
		{"image/png, text/html", "a", "application/octet-stream", false, ""},
		{"text/plain;charset=utf-8,text/html", "a.csv", "text/csv; charset=utf-8", false, ""},
		{"image/svg+xml,", "a", "application/octet-stream", false, ""},
		{"image/svg+xml,", "a.svg", "image/svg+xml", true, ""},
		{"application/xhtml+xml x", "a", "application/octet-stream", false, ""},
		{"text/plain; charset", "a", "application/octet-stream", false, ""},
		{"image/png;", "a", "image/png;", false, ""},
		{"text/plain;", "a", "text/plain; charset=utf-8", false, ""},
		{`text/plain; x="charset"`, "a", `text/plain; x="charset"; charset=utf-8`, false, ""},
		{`image/png; x="y, text/html"`, "a", `image/png; x="y, text/html"`, true, ""},
		{"image/x+xml", "a", "image/x+xml", true, ""},
		{"application/unheard-of", "a", "application/unheard-of", true, ""},
		{"text/html", "a", "text/html; charset=utf-8", true, ""},
		{"application/x-shockwave-flash", "a", "application/x-shockwave-flash", true, ""},
		{"text/javascript", "a", "application/octet-stream", true, "text/javascript; charset=utf-8"},
		{"Application/WASM", "a", "application/octet-stream", true, "Application/WASM"},
		{"", "a.mjs", "application/octet-stream", true, "text/javascript; charset=utf-8"},
	} {
		o := newObject("0123456789")
		o.name, o.ContentType = tt.name, tt.stored
		ways := map[string]struct {
			respond func(Response) Response
			request []string
		}{
			"streamed": {func(r Response) Response { return r }, nil},
			"range":    {func(r Response) Response { return r }, []string{"Range", "bytes=0-0"}},
			"remembered": {func(r Response) Response {
				r.File = &remembered{plainFile{o}, o.attributes()}
				return r
			}, nil},
			"handed over": {func(r Response) Response {
				r.Offloader, r.CheckFirst = everything{proxy{Handover{Field: "X-Accel-Redirect", Terms: &Terms{KeepsSafety: true}}}}, true
				return r
			}, nil},
		}
		for way, w := range ways {
			for d, wantKind := range map[Disposition]string{Attachment: "attachment", Inline: "inline", InlineActive: "inline"} {
				if d == Inline && tt.saved {
					wantKind = "attachment"
				}
				want, wantPolicy := tt.want, "default-src 'self'"
				if d == InlineActive && tt.saved {
					wantPolicy += ", sandbox"
					want = cmp.Or(tt.active, want)
				}
				_, h := answerBelow(http.Header{"Content-Security-Policy": {"default-src 'self'"}}, w.respond(Response{File: o, Disposition: d}), w.request...)
				kind, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
				if got := h.Get("Content-Type"); got != want || kind != wantKind || !slices.Equal(h["Content-Security-Policy"], []string{wantPolicy}) {
					t.Errorf("%q of %q, disposition %d, %s: type %q, %s, policy %q; want %q, %s, %q", tt.stored, tt.name, d, way, got, kind, h["Content-Security-Policy"], want, wantKind, wantPolicy)
				}
			}
		}
	}
}

// The headers of parts and signed URLs have the same types.
func TestTypesOfPartsAndSignedURLs(t *testing.T) {
	o := newObject("0123456789")
	o.name, o.ContentType = "a", "image/png\r\nX: y, text/html"
	s := serve(t, NewHandler(fileView(o), nil))
	want := []string{"application/octet-stream bytes 0-0/10 0", "application/octet-stream bytes 5-5/10 5"}
	if parts := readParts(t, ask(t, s.URL, "GET", "Range", "bytes=0-0,5-5")); !slices.Equal(parts, want) {
		t.Errorf("parts %q, want %q", parts, want)
	}
	for stored, want := range map[string]string{"image/png, text/html": "application/octet-stream", "text/javascript": "application/octet-stream", "image/png": "image/png"} {
		o := newObject("x")
		o.name, o.ContentType = "a", stored
		_, h := answerBelow(nil, Response{File: signedObject{o, nil}, Offloader: linking{status: 302}, CheckFirst: true})
		if got := h.Get("Location"); !strings.HasSuffix(got, "&"+want) {
			t.Errorf("%q: signed as %q, want the type %s", stored, got, want)
		}
	}
}

// The policies of the view and of an outer handler are sent together with the sandbox.
func TestPoliciesBesideTheSandbox(t *testing.T) {
	html := newObject("<p>")
	html.name = "a.html"
	resp := Response{File: html, Disposition: InlineActive, Header: http.Header{"content-security-policy": {"img-src 'none';, "}}}
	outside := http.Header{"Content-Security-Policy": {"default-src 'self'", "script-src 'none'"}}
	if _, h := answerBelow(outside, resp); !slices.Equal(h["Content-Security-Policy"], []string{"default-src 'self', script-src 'none', img-src 'none';, sandbox"}) {
		t.Errorf("Content-Security-Policy %q", h["Content-Security-Policy"])
	}
}

// A client replaces the policy that it has by that of a 304.
func TestPolicyOfA304(t *testing.T) {
	file := func(name, stored string) *object {
		o := newObject("<p>")
		o.name, o.ContentType = name, stored
		return o
	}
	outside := http.Header{"Content-Security-Policy": {"default-src 'self'"}}
	header := http.Header{"Content-Security-Policy": {"img-src 'none'"}}
	const plain, sandboxed = "default-src 'self', img-src 'none'", "default-src 'self', img-src 'none', sandbox"
	for _, tt := range []struct {
		name string
		resp Response
		want string
	}{
		{"by the stored type", Response{File: file("a.pdf", "text/html"), Disposition: InlineActive}, sandboxed},
		{"harmless by the stored type", Response{File: file("a.html", "application/pdf"), Disposition: InlineActive}, plain},
		{"by a record", Response{File: &remembered{plainFile{file("a.pdf", "text/html")}, Attributes{Size: 3, ETag: `"v1"`, ContentType: "text/html"}}, Disposition: InlineActive}, sandboxed},
		{"by a record that doesn't know", Response{File: &remembered{plainFile{file("a.pdf", "text/html")}, Attributes{Size: 3, ETag: `"v1"`}}, Disposition: InlineActive}, ""},
		{"by a record that is wrong", Response{File: &remembered{plainFile{file("a", "text/html")}, Attributes{Size: 3, ETag: `"v1"`, ContentType: "image/png"}}, Disposition: InlineActive}, ""},
		{"unseen, by name", Response{File: file("a.html", ""), ETag: `"v1"`, Disposition: InlineActive}, sandboxed},
		{"unseen, by the view", Response{File: file("a.pdf", ""), ETag: `"v1"`, ContentType: "text/html", Disposition: InlineActive}, sandboxed},
		{"unseen, harmless by the view", Response{File: file("a", "text/html"), ETag: `"v1"`, ContentType: "image/png", Disposition: InlineActive}, plain},
		{"unseen, and the stored type counts", Response{File: file("a.pdf", "text/html"), ETag: `"v1"`, Disposition: InlineActive}, ""},
		{"saved", Response{File: file("a.html", ""), ETag: `"v1"`}, plain},
		{"inline", Response{File: file("a.html", ""), Disposition: Inline}, plain},
	} {
		tt.resp.Header = header
		for what, request := range map[string][]string{"304": {"If-None-Match", `"v1"`}, "200": nil} {
			status, h := answerBelow(outside, tt.resp, request...)
			want := tt.want
			if request == nil && want == "" {
				want = sandboxed
			}
			if got := strings.Join(h["Content-Security-Policy"], ", "); got != want || (status == 304) != (what == "304") {
				t.Errorf("%s, %s: %d, policy %q, want %q", tt.name, what, status, got, want)
			}
		}
	}
}

// Phones, browsers and players need these types.
func TestTypesThatClientsNeed(t *testing.T) {
	for name, want := range map[string]string{
		"a.m4b": "audio/mp4", "a.m4s": "video/iso.segment", "a.mpd": "application/dash+xml", "a.m3u8": "application/vnd.apple.mpegurl",
		"a.usdz": "model/vnd.usdz+zip", "a.pkpass": "application/vnd.apple.pkpass", "a.pkpasses": "application/vnd.apple.pkpasses",
		"a.mobileconfig": "application/x-apple-aspen-config", "a.xpi": "application/x-xpinstall", "a.svgz": "image/svg+xml",
		"Info.PLIST": "application/x-plist", "a.ipa": "application/x-ios-app", "a.pkg": "application/vnd.apple.installer+xml",
		"a.msix": "application/msix", "a.msixbundle": "application/msixbundle", "a.appx": "application/appx", "a.gpkg": "application/geopackage+sqlite3",
		"a.ttml": "application/ttml+xml", "a.xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "a.ott": "application/vnd.oasis.opendocument.text-template",
		"a.vsdx": "application/vnd.ms-visio.drawing.main+xml", "a.exr": "image/aces", "a.fits": "image/fits", "a.ac3": "audio/ac3", "a.ttl": "text/turtle; charset=utf-8",
		"a.rdf": "application/rdf+xml", "a.xsd": "text/xml; charset=utf-8", "a.cbor": "application/cbor", "SHA256SUMS.asc": "application/pgp-signature",
	} {
		if got := TypeByName(name); got != want {
			t.Errorf("TypeByName(%q) = %q, want %q", name, got, want)
		}
	}
	for name, shown := range map[string]bool{
		"a.m4b": true, "a.m4s": true, "a.usdz": true, "a.pkpass": true, "a.exr": true,
		"a.mpd": false, "a.svgz": false, "a.xpi": false, "a.mobileconfig": false, "a.pkg": false, "a.ttml": false, "a.rdf": false, "a.xsd": false, "a.hta": false,
	} {
		if got := Inline.shown(TypeByName(name)); got != shown {
			t.Errorf("%s is shown inline: %v, want %v", name, got, shown)
		}
	}
}

// The extension of a name never sets Content-Encoding, so that a client saves the bytes
// as they are.
func TestNoCodingFromAName(t *testing.T) {
	for _, name := range []string{"a.svgz", "a.tar.gz", "a.html.gz", "a.js.br"} {
		o := newObject("\x1f\x8b")
		o.name = name
		for _, resp := range []Response{{File: o}, {File: o, Disposition: InlineActive}} {
			if _, h := answerBelow(nil, resp); h.Get("Content-Encoding") != "" {
				t.Errorf("%s: Content-Encoding %q", name, h["Content-Encoding"])
			}
		}
	}
}
