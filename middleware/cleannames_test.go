package middleware

import (
	"context"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/downloadview/downloadview"
)

var names = map[string]string{
	"report.pdf":                     "report.pdf",
	"Annual report (2) [v1.0]'.pdf":  "Annual report (2) [v1.0]'.pdf",
	"U\u0308bersicht.pdf":            "Übersicht.pdf",
	"e\u0301te\u0301.txt":            "été.txt",
	"\u1112\u1161\u11ab.txt":         "한.txt",
	"a:b":                            "a-b",
	"a%b$c|d:e;f/g<h>i?j*k\"l\\m":    "a-b-c-d-e-f-g-h-i-j-k-l-m",
	"a\tb\r\nc":                      "a-b--c",
	"a\x00b\x1b[2Jc\x7fd\u0085e":     "ab[2Jcde",
	"photo\u202egpj.exe":             "photo-gpj.exe",
	"a\u202ab\u202cc\u2066d\u2069.e": "abcd.e",
	"\u200ea\u200fb\u061c.txt":       "ab.txt",
	"in\u200bvoice\u2060.p\ufeffdf":  "invoice.pdf",
	"soft\u00adhyphen":               "softhyphen",
	"tag\U000e0041\U000e0042.txt":    "tag.txt",
	"filler\u3164\u115f.txt":         "filler.txt",
	"a\u2028b\u2029c":                "abc",
	"CON":                            "_CON",
	"con.txt":                        "_con.txt",
	"nul.tar.gz":                     "_nul.tar.gz",
	"Aux .txt":                       "_Aux .txt",
	"COM1":                           "_COM1",
	"lpt9.log":                       "_lpt9.log",
	"COM².txt":                       "_COM².txt",
	"CON\u200b.txt":                  "_CON.txt",
	"CON.":                           "_CON",
	"console.txt":                    "console.txt",
	"COM10.txt":                      "COM10.txt",
	"COM":                            "COM",
	"a CON.txt":                      "a CON.txt",
	"x.exe.":                         "x.exe",
	"x.exe. . .":                     "x.exe",
	"x.pdf ":                         "x.pdf",
	"  x.pdf\u00a0":                  "x.pdf",
	"x.txt\u200b.":                   "x.txt",
	"Screenshot at 9.41\u202fAM.png": "Screenshot at 9.41 AM.png",
	"全角\u3000名.txt":                  "全角\u3000名.txt",
	".htaccess":                      ".htaccess",
	"":                               "download",
	".":                              "download",
	"..":                             "download",
	" . ":                            "download",
	"\u200b":                         "download",
	"می\u200cخواهم.pdf":              "می\u200cخواهم.pdf",
	"क\u094d\u200dष.txt":             "क\u094d\u200dष.txt",
	"👩\u200d💻.txt":                   "👩\u200d💻.txt",
	"🏳\ufe0f\u200d🌈.txt":             "🏳\ufe0f\u200d🌈.txt",
	"1\ufe0f\u20e3.txt":              "1\ufe0f\u20e3.txt",
	"pay\u200dpal\ufe0f.txt":         "paypal.txt",
	"pay\u200cpal.\u200dexe":         "paypal.exe",
	"é\u200d.txt":                    "é.txt",
	"bad\xff.txt":                    "bad\ufffd.txt",
}

func TestCleanName(t *testing.T) {
	for name, want := range names {
		if got := cleanName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		strings.Repeat("a", 300) + ".pdf":             strings.Repeat("a", 251) + ".pdf",
		strings.Repeat("ü", 200) + ".pdf":             strings.Repeat("ü", 125) + ".pdf",
		strings.Repeat("a", 250) + " . . . b" + ".gz": strings.Repeat("a", 250) + ".gz",
		strings.Repeat("a", 254) + " b":               strings.Repeat("a", 254),
		"CON." + strings.Repeat("a", 300):             "_CON." + strings.Repeat("a", 250),
	} {
		if got := cleanName(name); got != want || len(got) > 255 {
			t.Errorf("%q becomes %q (%d bytes), want %q", name, got, len(got), want)
		}
	}
}

var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|(com|lpt)[0-9¹²³]) *(\.|$)`)

func FuzzCleanName(f *testing.F) {
	for name := range names {
		f.Add(name)
	}
	f.Add("e\u202a\u0301\u200dب.")
	f.Add("CON" + strings.Repeat("\u00a0", 200) + "." + strings.Repeat("x", 300))
	f.Fuzz(func(t *testing.T, name string) {
		got := cleanName(name)
		if again := cleanName(got); again != got {
			t.Errorf("%q becomes %q, and that %q", name, got, again)
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || got == "" || len(got) > 255 {
			t.Errorf("%q becomes %q", name, got)
		}
		if device.MatchString(got) {
			t.Errorf("%q becomes the device %q", name, got)
		}
		if strings.TrimFunc(got, unicode.IsSpace) != got || strings.HasSuffix(got, ".") || strings.ContainsAny(got, replaced) {
			t.Errorf("%q becomes %q", name, got)
		}
		for _, c := range got {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) && c != '\u200c' && c != '\u200d' && !unicode.Is(unicode.Prepended_Concatenation_Mark, c) {
				t.Errorf("%q becomes %q, which has %U", name, got, c)
			}
		}
		if got := cleanName(name + ".pdf"); !strings.HasSuffix(got, ".pdf") {
			t.Errorf("%q becomes %q", name+".pdf", got)
		}
	})
}

// linked returns its Handover for every source.
type linked struct{ downloadview.Handover }

func (l linked) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	return l.Handover, true
}

// toStore redirects to a URL that has the disposition in its query.
var toStore = downloadview.Link{Field: "Location", Status: 302, Expiry: time.Minute, Sign: func(_ context.Context, _ downloadview.File, o downloadview.SignOptions) (string, time.Time, error) {
	return "https://store.example/?" + url.Values{"disposition": {o.Disposition}}.Encode(), time.Time{}, nil
}}

// savedAs returns the name under which a client saves an answer.
func savedAs(t *testing.T, h http.Header) string {
	t.Helper()
	field := h.Get("Content-Disposition")
	if l := h.Get("Location"); l != "" {
		u, err := url.Parse(l)
		if err != nil {
			t.Fatal(err)
		}
		field = u.Query().Get("disposition")
	}
	_, params, err := mime.ParseMediaType(field)
	if err != nil {
		t.Fatalf("%q: %v", field, err)
	}
	return params["filename"]
}

// The name is clean for every origin of the name and for streamed, handed over and
// redirected downloads. The bytes are those of the file's key.
func TestCleanNamesOfDownloads(t *testing.T) {
	const dirty, clean = "U\u0308ber: CON\u202egpj.exe.", "Über- CON-gpj.exe"
	file := func(name, disposition string) downloadview.File {
		return downloadview.FromString(name, "bytes of "+name, &downloadview.Attributes{Size: -1, Disposition: disposition})
	}
	for from, resp := range map[string]downloadview.Response{
		"Name":     {File: file("a.txt", ""), Name: dirty},
		"the key":  {File: file("folder/"+dirty, "")},
		"stored":   {File: file("a.txt", mime.FormatMediaType("attachment", map[string]string{"filename": dirty})), StoredFields: downloadview.StoredName},
		"upstream": {File: file("a.txt", ""), Name: "x", Renamer: named(dirty)},
	} {
		for way, offloader := range map[string]downloadview.Offloader{
			"streamed":    nil,
			"handed over": linked{downloadview.Handover{Field: "X-Accel-Redirect", Value: "/_files/a"}},
			"redirected":  linked{downloadview.Handover{Field: "Location", Value: "-", Link: &toStore}},
		} {
			resp := resp
			resp.Offloader = offloader
			view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return resp, nil })
			w := httptest.NewRecorder()
			downloadview.NewHandler(CleanNames(view), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if got := savedAs(t, w.Header()); got != clean {
				t.Errorf("from %s, %s: saved as %q, want %q", from, way, got, clean)
			}
			if wantStatus := map[string]int{"redirected": 302}[way]; wantStatus == 0 && w.Code != 200 || wantStatus != 0 && w.Code != wantStatus {
				t.Errorf("from %s, %s: %d", from, way, w.Code)
			}
			if key := resp.File.Name(); offloader == nil && w.Body.String() != "bytes of "+key {
				t.Errorf("from %s: the body is %q", from, w.Body)
			}
		}
	}
}

// named is a Renamer that always returns the same name.
type named string

func (n named) Rename(string) string { return string(n) }

// The media type is that of the clean name, and the view's error is passed on.
func TestCleanNamesElse(t *testing.T) {
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if r.URL.Path == "/none" {
			return downloadview.Response{}, &downloadview.StatusError{Status: 418}
		}
		return downloadview.Response{File: downloadview.FromString("a.html.", "x", nil), Disposition: downloadview.Inline}, nil
	})
	h := downloadview.Use(CleanNames, CleanNames)(downloadview.NewHandler(view, nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header(); got.Get("Content-Type") != "text/html; charset=utf-8" || got.Get("Content-Disposition") != `attachment; filename="a.html"` {
		t.Errorf("%v", got)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/none", nil))
	if w.Code != 418 {
		t.Errorf("%d, want 418", w.Code)
	}
}

// A name that is already clean needs no allocation.
func TestCleanNamesAllocates(t *testing.T) {
	resp := downloadview.Response{Name: "Annual report 2026.pdf"}
	view := CleanNames(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return resp, nil }))
	if n := testing.AllocsPerRun(100, func() {
		r, _ := view.Respond(nil)
		r.Renamer.Rename(r.Name)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
