package downloadview

import (
	"mime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Stored names are parsed as leniently as in browsers.
func TestNameIn(t *testing.T) {
	for stored, want := range map[string]string{
		`attachment; filename="Q1 report.pdf"`:                                  "Q1 report.pdf",
		`attachment; filename=report.pdf`:                                       "report.pdf",
		`attachment; filename=Q1 report.pdf`:                                    "Q1 report.pdf",
		`attachment; filename=Q1 report.pdf; size=3`:                            "Q1 report.pdf",
		`attachment;filename = Q1 report.pdf `:                                  "Q1 report.pdf",
		`attachment; filename="a.pdf"; filename="a.pdf"`:                        "a.pdf",
		`attachment; filename="a.pdf"; filename="b.pdf"`:                        "a.pdf",
		`attachment; attachment; filename="a.pdf"`:                              "a.pdf",
		`attachment; filename="a.pdf", attachment; filename="a.pdf"`:            "a.pdf",
		`attachment, attachment; filename="a.pdf"`:                              "a.pdf",
		`filename="a.pdf"`:                                                      "a.pdf",
		`filename=a b.pdf`:                                                      "a b.pdf",
		`; filename="a.pdf"`:                                                    "a.pdf",
		`attachment filename="a.pdf"`:                                           "a.pdf",
		`attachment; FileName="a.pdf"`:                                          "a.pdf",
		`attachment; filename="a;b.pdf"; x`:                                     "a;b.pdf",
		`attachment; filename="a \"b\".pdf"; x=é y`:                             `a "b".pdf`,
		`attachment; filename="unclosed.pdf`:                                    "unclosed.pdf",
		`attachment; filename=zażółć.pdf`:                                       "zażółć.pdf",
		"attachment; filename=caf\xe9.pdf":                                      "café.pdf",
		`attachment; filename=x.pdf; filename*=UTF-8''za%C5%BC%C3%B3%C5%82.pdf`: "zażół.pdf",
		`attachment; filename*=utf-8'pl'a%20b.pdf; filename=a b c.pdf`:          "a b.pdf",
		`attachment; filename*="UTF-8''a%20b.pdf"`:                              "a b.pdf",
		`attachment; filename*=ISO-8859-1''caf%E9.pdf; filename=c d`:            "café.pdf",
		`attachment; filename*=UTF-8''%zz; filename=a b.pdf`:                    "a b.pdf",
		`attachment; filename="=?UTF-8?B?xbzDs8WCdy5wZGY=?="`:                   "żółw.pdf",
		`attachment; filename=(a).pdf`:                                          "(a).pdf",
		`inline`:                                                                "",
		``:                                                                      "",
		`attachment; filename=`:                                                 "",
		`attachment; filename=""`:                                               "",
		`attachment; notfilename="a.pdf"`:                                       "",
		"attachment; filename=\"a\nb\"":                                         "",
	} {
		if got := nameIn(stored); got != want {
			t.Errorf("nameIn(%q) = %q, want %q", stored, got, want)
		}
	}
}

// An origin may send a field of 64 KiB. If the cost grew by the square of its quotes, one
// of sixteen times the length would take hundreds of times as long.
func TestNameInALongField(t *testing.T) {
	for _, quotes := range []string{`\"`, `\";`, `"\`, `"\;`} {
		took := func(n int) time.Duration {
			disposition := `attachment; filename="` + strings.Repeat(quotes, n)
			best := time.Hour
			for range 5 {
				start := time.Now()
				nameIn(disposition)
				best = min(best, time.Since(start))
			}
			return best
		}
		if short, long := took(1000), took(16_000); long > 100*short {
			t.Errorf("%s: %v for 1000, %v for 16000", quotes, short, long)
		}
	}
}

// A name from a stored field is valid UTF-8 if the field is, has no control characters,
// and can be part of a header field.
func FuzzNameIn(f *testing.F) {
	f.Add(`attachment; filename="a.pdf"; filename=b c.pdf`)
	f.Add(`attachment; filename*=UTF-8''%e2%82%ac; filename="\"`)
	f.Add("filename==?utf-8?q?=0A?=")
	f.Add("filename==?utf-8?q?=80?=")
	f.Fuzz(func(t *testing.T, stored string) {
		name := nameIn(stored)
		if hasControl(name) || utf8.ValidString(stored) && !utf8.ValidString(name) {
			t.Errorf("nameIn(%q) = %q", stored, name)
		}
		if name == "" {
			return
		}
		field := contentDisposition(attachment, name)
		if _, params, err := mime.ParseMediaType(field); err != nil || params["filename"] == "" {
			t.Errorf("nameIn(%q) = %q, which is sent as %s: %v", stored, name, field, err)
		}
	})
}
