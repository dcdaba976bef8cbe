package middleware

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/downloadview/downloadview"
)

// CleanNames has downloads saved under names that every system can have and that
// look like what they are, whether the name is the view's, a stored one or that of
// the file; the file's key stays. Streamed, handed over and redirected downloads
// have the same name. Of a name
//
//   - letters with marks are composed (NFC), where macOS takes them apart;
//   - each of % $ | : ; / < > ? * " \, tab, line break and U+202E becomes "-", as
//     in Ruby on Rails;
//   - other control characters and invisible ones, such as those that turn the
//     direction of writing, are left out. Joiners stay between characters of
//     scripts other than Latin, such as Persian, and in emoji;
//   - spaces of other widths become " ", but for the ideographic one;
//   - spaces at both ends, and dots at the end, are left out, which Windows does;
//   - "_" comes before a name that is a device of Windows, such as CON or nul.txt;
//   - what is more than 255 bytes is cut before the extension.
//
// A name of which nothing is left is "download". Invalid UTF-8 becomes U+FFFD. A
// [downloadview.Renamer] of the view is asked first.
func CleanNames(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		if err == nil {
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

// A cleaner makes clean names of those of first, or of the names as they are.
type cleaner struct{ first downloadview.Renamer }

// justClean costs a request no allocation.
var justClean downloadview.Renamer = cleaner{}

// Rename returns the clean name.
func (c cleaner) Rename(name string) string {
	if c.first != nil {
		name = c.first.Rename(name)
	}
	return cleanName(name)
}

const longestName = 255 // of most file systems, in bytes

func cleanName(name string) string {
	if isClean(name) {
		return name
	}
	for range 10 { // leaving out one thing may bring others together
		next := cleanedOnce(name)
		if next == name {
			break
		}
		name = next
	}
	return name
}

// isClean reports whether name is a plain one that stays as it is: most are.
func isClean(name string) bool {
	for _, c := range []byte(name) {
		if !isPlain[c] {
			return false
		}
	}
	return name != "" && len(name) <= longestName && strings.Trim(name, " ") == name && !strings.HasSuffix(name, ".") && !isDevice(name)
}

// isPlain says of each byte whether it stays as it is, wherever it is not at an end.
var isPlain = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = !strings.ContainsRune(replaced, c)
	}
	return is
}()

// replaced becomes "-".
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

// inName returns what stands for c in a name, -1 for nothing.
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

// isBlank reports whether c is a letter or a mark that shows nothing.
func isBlank(c rune) bool {
	switch c {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u180b', '\u180c', '\u180d', '\u180f', '\u2028', '\u2029', '\u3164', '\uffa0':
		return true
	}
	return false
}

// isJoiner reports whether c changes how its neighbours look: zero-width joiners,
// and variation selectors.
func isJoiner(c rune) bool {
	return c == '\u200c' || c == '\u200d' || c >= '\ufe00' && c <= '\ufe0f' || c >= 0xe0100 && c <= 0xe01ef
}

// withoutStrayJoiners keeps joiners where they do something: between characters
// that aren't Latin, and selectors behind one, or behind the digit of a keycap.
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

// shortened cuts a long name before its extension.
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

// isDevice reports whether Windows takes name, of which the first dot ends what
// counts, for a device.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.TrimRight(stem, " ")
	if len(stem) < 3 || len(stem) > 5 { // of which a superscript is two bytes
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
