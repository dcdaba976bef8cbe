package middleware

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/downloadview/downloadview"
)

// CleanNames changes the names of downloads, so that every operating system can
// store them and invisible characters can't disguise them. It changes the name
// whether it comes from the view, from the storage or from the file's key, and in
// the same way for streamed, handed over and redirected downloads. The key itself
// stays as it is. CleanNames does the following:
//
//   - It composes letters with marks (NFC), which macOS decomposes.
//   - It replaces each of % $ | : ; / < > ? * " \, tab, line break and U+202E by
//     "-", as Ruby on Rails does.
//   - It removes other control characters and invisible characters, such as those
//     that change the direction of writing. It keeps joiners between characters of
//     scripts other than Latin, such as Persian, and in emoji.
//   - It replaces other kinds of spaces by " ", except the ideographic space.
//   - It removes spaces at both ends and dots at the end, as Windows does.
//   - It puts "_" before the name of a Windows device, such as CON or nul.txt.
//   - It shortens a name to 255 bytes and keeps the extension, if that has at most
//     20 bytes with its dot.
//   - It replaces invalid UTF-8 by U+FFFD.
//
// If nothing is left of a name, it becomes "download". If the view's response has a
// [downloadview.Renamer], CleanNames changes the name that the Renamer returns.
func CleanNames(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (resp downloadview.Response, err error) {
		if resp, err = next.Respond(r); err == nil {
			if resp.Renamer == nil {
				resp.Renamer = justClean
			} else {
				resp.Renamer = cleaner{resp.Renamer}
			}
		}
		return resp, err
	})
}

var _ downloadview.Middleware = CleanNames

// A cleaner cleans the names that first returns or, if first is nil, all names.
type cleaner struct{ first downloadview.Renamer }

// justClean is a variable so that a request needs no allocation for it.
var justClean downloadview.Renamer = cleaner{}

// Rename returns the clean name.
func (c cleaner) Rename(name string) string {
	if c.first != nil {
		name = c.first.Rename(name)
	}
	return cleanName(name)
}

const longestName = 255 // bytes, the limit of most file systems

func cleanName(name string) string {
	if isClean(name) {
		return name
	}
	for range 10 { // a removed character may bring others together that must change
		next := cleanedOnce(name)
		if next == name {
			break
		}
		name = next
	}
	return name
}

// isClean reports quickly that a plain ASCII name stays as it is, as most do. For
// other names it returns false.
func isClean(name string) bool {
	for _, c := range []byte(name) {
		if !isPlain[c] {
			return false
		}
	}
	return name != "" && len(name) <= longestName && strings.Trim(name, " ") == name && !strings.HasSuffix(name, ".") && !isDevice(name)
}

// isPlain is true for each byte that stays as it is, except at the ends of a name.
var isPlain = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = !strings.ContainsRune(replaced, c)
	}
	return is
}()

// Each character of replaced becomes "-".
const replaced = "%$|:;/<>?*\"\\\t\r\n\u202e"

func cleanedOnce(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "\ufffd"))
	name = withoutStrayJoiners(strings.Map(inName, name))
	name = norm.NFC.String(name)
	name = shortened(trimmed(name))
	switch {
	case name == "":
		return "download"
	case isDevice(name):
		return shortened("_" + name)
	}
	return name
}

// inName returns the character that replaces c, or -1 to remove it.
func inName(c rune) rune {
	switch {
	case strings.ContainsRune(replaced, c):
		return '-'
	case isJoiner(c):
		return c
	case unicode.IsControl(c), unicode.Is(unicode.Cf, c) && !unicode.Is(unicode.Prepended_Concatenation_Mark, c), isBlank(c):
		return -1
	case unicode.IsSpace(c) && c != '\u3000', unicode.Is(unicode.Zs, c) && c != '\u3000':
		return ' '
	}
	return c
}

// isBlank reports whether c is an invisible character outside the Unicode category
// Cf.
func isBlank(c rune) bool {
	switch c {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u180b', '\u180c', '\u180d', '\u180f', '\u2028', '\u2029', '\u3164', '\uffa0':
		return true
	}
	return false
}

// isJoiner reports whether c is a zero-width joiner or non-joiner, or a variation
// selector. These change how their neighbours look.
func isJoiner(c rune) bool {
	return c == '\u200c' || c == '\u200d' || c >= '\ufe00' && c <= '\ufe0f' || c >= 0xe0100 && c <= 0xe01ef
}

// withoutStrayJoiners removes joiners that have no effect. It keeps joiners between
// characters that aren't Latin, and variation selectors after such a character or
// after the digit of a keycap emoji.
func withoutStrayJoiners(name string) string {
	if !strings.ContainsFunc(name, isJoiner) {
		return name
	}
	kept := make([]rune, 0, len(name))
	all := []rune(name)
	for i, c := range all {
		if isJoiner(c) {
			var before, after rune
			if len(kept) > 0 {
				before = kept[len(kept)-1]
			}
			if i+1 < len(all) {
				after = all[i+1]
			}
			zeroWidth := c == '\u200c' || c == '\u200d'
			emoji := before == '\ufe0f' && c == '\u200d' // as in the rainbow flag
			switch {
			case isJoiner(before) && !emoji, zeroWidth && (!takesJoiner(before) && !emoji || !takesJoiner(after)):
				continue
			case !zeroWidth && before < '\u00a9' && !(after == '\u20e3' && strings.ContainsRune("#*0123456789", before)):
				continue
			}
		}
		kept = append(kept, c)
	}
	return string(kept)
}

func takesJoiner(c rune) bool {
	return c > '\u02ff' && !isJoiner(c) && !unicode.IsSpace(c) && !unicode.Is(unicode.Latin, c)
}

func trimmed(name string) string {
	name = strings.TrimLeftFunc(name, unicode.IsSpace)
	return strings.TrimRightFunc(name, func(c rune) bool { return c == '.' || unicode.IsSpace(c) })
}

// shortened cuts a name to longestName bytes and keeps a short extension.
func shortened(name string) string {
	if len(name) <= longestName {
		return name
	}
	ext := name[max(strings.LastIndexByte(name, '.'), 0):]
	if len(ext) > 20 {
		ext = ""
	}
	end := longestName - len(ext)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return trimmed(name[:end]) + ext
}

// isDevice reports whether name is that of a Windows device. Windows ignores the
// first dot and all after it.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.TrimRight(stem, " ")
	if len(stem) < 3 || len(stem) > 5 { // a superscript digit has two bytes
		return false
	}
	base, port := strings.ToUpper(stem[:3]), stem[3:]
	switch base {
	case "CON", "PRN", "AUX", "NUL":
		return port == ""
	case "COM", "LPT":
		switch port {
		case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
			return true
		}
	}
	return false
}
