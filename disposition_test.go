package downloadview

import (
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestContentDisposition(t *testing.T) {
	long := strings.Repeat("ż", 200)
	for _, tt := range []struct{ name, want string }{
		{"report.pdf", `attachment; filename="report.pdf"`},
		{"a b;c,d='e'.txt", `attachment; filename="a b;c,d='e'.txt"`},
		{`say "hi".txt`, `attachment; filename="say _hi_.txt"; filename*=UTF-8''say%20%22hi%22.txt`},
		{"100%25.txt", `attachment; filename="100_25.txt"; filename*=UTF-8''100%2525.txt`},
		{"zażółć €.txt", `attachment; filename="za____ _.txt"; filename*=UTF-8''za%C5%BC%C3%B3%C5%82%C4%87%20%E2%82%AC.txt`},
		{"😀", `attachment; filename="_"; filename*=UTF-8''%F0%9F%98%80`},
		{"a\r\nX-Evil: 1", `attachment; filename="aX-Evil: 1"`},
		{"../../etc/passwd", `attachment; filename=".._.._etc_passwd"`},
		{`a\b`, `attachment; filename="a_b"`},
		{"photo\u202egpj.exe", `attachment; filename="photogpj.exe"`},
		{"a.pdf =?utf-8?q?.exe?=", `attachment; filename="a.pdf =_utf-8?q?.exe?="; filename*=UTF-8''a.pdf%20%3D%3Futf-8%3Fq%3F.exe%3F%3D`},
		{"==?=.txt?", `attachment; filename="==_=.txt?"; filename*=UTF-8''%3D%3D%3F%3D.txt%3F`},
		{"\xff\xfe.txt", `attachment; filename="__.txt"`},
		{"", `attachment; filename="download"`},
		{"..", `attachment; filename="download"`},
		{"\x00", `attachment; filename="download"`},
		{long + ".tar.gz", `attachment; filename="` + strings.Repeat("_", 126) + `.gz"; filename*=UTF-8''` + strings.Repeat("%C5%BC", 126) + ".gz"},
	} {
		if got := contentDisposition(attachment, tt.name); got != tt.want {
			t.Errorf("contentDisposition(%q) =\n%s, want\n%s", tt.name, got, tt.want)
		}
	}
}

// The field can be parsed and has the name that it was made of. It has no line break,
// and its filename parameter has nothing that a browser would decode.
func FuzzDisposition(f *testing.F) {
	for _, s := range []string{"a.txt", "a b", `"`, `\`, "%41", "ż", "=?utf-8?q?a?=", "\r\n", "\xff", "e\u0301", "\u202e", "..", "", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := contentDisposition(inline, name)
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != "inline" {
			t.Fatalf("%q gives %q: %q, %v", name, got, kind, err)
		}
		if i := strings.IndexFunc(got, func(c rune) bool { return c > unicode.MaxASCII || unicode.IsControl(c) }); i >= 0 {
			t.Errorf("%q gives %q", name, got)
		}
		saved := params["filename"]
		if want := fileName(name); saved != want {
			t.Errorf("%q gives %q, which says %q, want %q", name, got, saved, want)
		}
		if saved == "" || len(saved) > longestName || strings.ContainsAny(saved, "/\\\r\n\x00") || !utf8.ValidString(saved) {
			t.Errorf("%q is saved as %q", name, saved)
		}
		_, plain, _ := strings.Cut(got, `filename="`)
		if plain, _, _ = strings.Cut(plain, `"`); strings.ContainsAny(plain, `%\`) || strings.Contains(plain, "=?") {
			t.Errorf("%q has the plain form %q", name, plain)
		}
	})
}

func BenchmarkDisposition(b *testing.B) {
	for _, name := range []string{"report-2026.pdf", "zażółć € 日本.pdf"} {
		b.Run(name, func(b *testing.B) {
			b.Run("ours", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = contentDisposition(attachment, name)
				}
			})
			b.Run("mime.FormatMediaType", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = mime.FormatMediaType("attachment", map[string]string{"filename": name})
				}
			})
		})
	}
}
