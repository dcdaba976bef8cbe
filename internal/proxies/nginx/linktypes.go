package nginx

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
)

// writeTypes writes the script's function typesOf. It returns all types whose extension
// begins with a letter in one text, since njs builds what a script has anew for each
// request: an object of them would cost more than the rest.
func writeTypes(b *strings.Builder, own downloadview.Types) {
	types := downloadview.BuiltInTypes()
	maps.Copy(types, own)
	byLetter := map[string][]string{}
	classes := map[string]string{}
	for _, ext := range slices.Sorted(maps.Keys(types)) {
		t := types[ext]
		if ext == "" || strings.ContainsAny(ext, "\n=") {
			continue
		}
		if _, ok := classes[t]; !ok {
			classes[t] = classified(t)
		}
		letter := string([]rune(ext)[:1])
		byLetter[letter] = append(byLetter[letter], ext+"="+classes[t])
	}
	b.WriteString("// typesOf returns the types for extensions that begin with a letter.\nfunction typesOf(letter) {\n    switch (letter) {\n")
	for _, letter := range slices.Sorted(maps.Keys(byLetter)) {
		fmt.Fprintf(b, "    case %s: return %s;\n", inScript(letter), inScript("\n"+strings.Join(byLetter[letter], "\n")+"\n"))
	}
	b.WriteString("    }\n    return '';\n}\n")
}

// classified returns a type behind the letter of its class: i if a browser may show
// it, s if a page could run it as a script, else a. It asks the library itself.
func classified(t string) string {
	file := downloadview.FromBytes("file", nil, nil)
	asked := func(d downloadview.Disposition) http.Header {
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: file, ContentType: t, Disposition: d}, nil
		})
		h := headerOnly{}
		downloadview.NewHandler(view, nil).ServeHTTP(h, &http.Request{Method: http.MethodHead, URL: &url.URL{Path: "/"}, Header: http.Header{}})
		return http.Header(h)
	}
	sent := asked(downloadview.InlineActive).Get("Content-Type")
	switch {
	case strings.HasPrefix(asked(downloadview.Inline).Get("Content-Disposition"), "inline"):
		return "i" + sent
	case asked(downloadview.Attachment).Get("Content-Type") != sent:
		return "s" + sent
	}
	return "a" + sent
}

// headerOnly is a [http.ResponseWriter] that keeps the header.
type headerOnly http.Header

func (h headerOnly) Header() http.Header       { return http.Header(h) }
func (headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (headerOnly) WriteHeader(int)             {}

// inScript writes s as a string of JavaScript.
func inScript(s string) string {
	b, _ := json.Marshal(s) // no error for a string
	return string(b)
}
