package archive

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// A NameRule says which names members may have. The rules of [Entry].Name apply
// with each of them.
type NameRule int

const (
	// AnyName keeps names that only some systems can extract.
	AnyName NameRule = iota
	// WindowsName changes names that Windows can't have: the characters <>:"|?*, a
	// space or a dot at the end, and the names of devices, such as CON or nul.txt.
	// Names that differ only in case clash.
	WindowsName
)

// names gives each member its name, in the order of the entries.
type names struct {
	rule    NameRule
	used    map[nameHash]bool // hashes of the names of files and folders
	numbers map[nameHash]int  // the last number that a used name got
	folders map[string]string // what became of each folder
	written map[string]bool   // folders that have a member of their own
}

func newNames(rule NameRule) *names {
	return &names{rule, map[nameHash]bool{}, map[nameHash]int{}, map[string]string{}, map[string]bool{}}
}

var errNameLength = errors.New("a name in an archive has at most 65535 bytes")

// file returns the name of a file.
func (n *names) file(name string) (string, error) {
	elements := n.elements(name)
	if elements == nil {
		elements = []string{"_"}
	}
	last := len(elements) - 1
	full := path.Join(n.folder(elements[:last]), elements[last])
	full, hash := n.free(full, n.hash(full))
	n.used[hash] = true
	return full, checkLength(full)
}

// directory returns the name of a folder, with a slash at its end, or "" if the
// archive has it already or it is the top.
func (n *names) directory(name string) (string, error) {
	elements := n.elements(name)
	if elements == nil {
		return "", nil
	}
	full := n.folder(elements)
	if n.written[full] {
		return "", nil
	}
	n.written[full] = true
	return full + "/", checkLength(full + "/")
}

func checkLength(name string) error {
	if len(name) > 65535 {
		return fmt.Errorf("%.80q…: %w", name, errNameLength)
	}
	return nil
}

// folder returns the name of the folder with these elements. It is another one if
// there is a file with its name. The names of all folders above it share one text.
func (n *names) folder(elements []string) string {
	if len(elements) == 0 {
		return ""
	}
	whole := strings.Join(elements, "/")
	key := n.fold(whole)
	if full, ok := n.folders[key]; ok {
		return full
	}
	var full string
	hash, end, keyEnd := emptyHash, 0, 0 // of the folder above, with its slash
	for _, e := range elements {
		e = n.fold(e)
		hash, keyEnd = hash.add(e), keyEnd+len(e)
		end += lengthOfFirst(whole[end:])
		var ok bool
		if full, ok = n.folders[key[:keyEnd]]; !ok {
			var used nameHash
			full, used = n.free(whole[:end], hash)
			n.used[used] = true
			n.folders[key[:keyEnd]] = full
		}
		if full != whole[:end] {
			whole, end, hash = full+whole[end:], len(full), n.hash(full)
		}
		hash, end, keyEnd = hash.add("/"), end+1, keyEnd+1
	}
	return full
}

// lengthOfFirst returns the length of the first element of a name.
func lengthOfFirst(name string) int {
	if slash := strings.IndexByte(name, '/'); slash >= 0 {
		return slash
	}
	return len(name)
}

// free returns name, whose hash is given, or name with the first number that makes it
// unique, and the hash of the result.
func (n *names) free(name string, hash nameHash) (string, nameHash) {
	if !n.used[hash] {
		return name, hash
	}
	folder, base := path.Split(name)
	ext := path.Ext(base)
	if ext == base {
		ext = ""
	}
	stem := folder + strings.TrimSuffix(base, ext)
	for i := max(n.numbers[hash]+1, 2); ; i++ { // those before are used
		next := stem + " (" + strconv.Itoa(i) + ")" + ext
		if h := n.hash(next); !n.used[h] {
			n.numbers[hash] = i
			return next, h
		}
	}
}

// A nameHash stands for a name in the set of used names, so that the set stays small. If
// two names have one hash, the second gets a number that it doesn't need. It is the
// FNV-1a of 64 bits.
type nameHash uint64

const emptyHash nameHash = 14695981039346656037

// add returns the hash of a name that goes on with s.
func (h nameHash) add(s string) nameHash {
	for i := range len(s) {
		h = (h ^ nameHash(s[i])) * 1099511628211
	}
	return h
}

func (n *names) hash(name string) nameHash { return emptyHash.add(n.fold(name)) }

// fold returns what names that clash have in common. Two lower-case letters may have one
// upper-case letter, as both forms of sigma.
func (n *names) fold(name string) string {
	if n.rule == WindowsName {
		return strings.ToLower(strings.ToUpper(name))
	}
	return name
}

// elements returns the elements of a name, each of them harmless. nil means the top.
func (n *names) elements(name string) []string {
	name = strings.Map(harmless, strings.ToValidUTF8(name, "\uFFFD"))
	var elements []string
	for e := range strings.SplitSeq(name, "/") {
		switch {
		case e == "" || e == ".":
			continue
		case e == "..":
			e = "__"
		case len(elements) == 0 && len(e) >= 2 && e[1] == ':' && isLetter(e[0]):
			e = e[:1] + "_" + e[2:] // a drive of Windows
		}
		if n.rule == WindowsName {
			e = windowsName(e)
		}
		elements = append(elements, e)
	}
	return elements
}

func harmless(r rune) rune {
	if r == '\\' || unicode.IsControl(r) {
		return '_'
	}
	return r
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func windowsName(e string) string {
	e = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, e)
	if kept := strings.TrimRight(e, ". "); kept != e {
		e = kept + strings.Repeat("_", len(e)-len(kept))
	}
	device, _, _ := strings.Cut(e, ".")
	if isDevice(strings.ToUpper(strings.TrimRight(device, " "))) {
		return "_" + e
	}
	return e
}

func isDevice(name string) bool {
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	stem, ok := strings.CutPrefix(name, "COM")
	if !ok {
		stem, ok = strings.CutPrefix(name, "LPT")
	}
	return ok && len([]rune(stem)) == 1 && strings.Contains("0123456789¹²³", stem)
}
