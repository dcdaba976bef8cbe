package archive

import (
	"errors"
	"fmt"
	"hash/fnv"
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
	used    map[uint64]bool   // hashes of the names of files and folders; see hash
	numbers map[uint64]int    // the last number that a used name got, by its hash
	folders map[string]string // what became of each folder
	written map[string]bool   // folders that have a member of their own
}

func newNames(rule NameRule) *names {
	return &names{rule, map[uint64]bool{}, map[uint64]int{}, map[string]string{}, map[string]bool{}}
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
	full = n.free(full)
	n.used[n.hash(full)] = true
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
// there is a file with its name.
func (n *names) folder(elements []string) string {
	if len(elements) == 0 {
		return ""
	}
	key := strings.Join(elements, "/")
	if n.rule == WindowsName {
		key = strings.ToLower(key)
	}
	if full, ok := n.folders[key]; ok {
		return full
	}
	last := len(elements) - 1
	full := n.free(path.Join(n.folder(elements[:last]), elements[last]))
	n.used[n.hash(full)] = true
	n.folders[key] = full
	return full
}

// free returns name, or name with the first number that makes it unique.
func (n *names) free(name string) string {
	hash := n.hash(name)
	if !n.used[hash] {
		return name
	}
	folder, base := path.Split(name)
	ext := path.Ext(base)
	if ext == base {
		ext = ""
	}
	stem := folder + strings.TrimSuffix(base, ext)
	for i := max(n.numbers[hash]+1, 2); ; i++ { // those before are used
		if next := stem + " (" + strconv.Itoa(i) + ")" + ext; !n.used[n.hash(next)] {
			n.numbers[hash] = i
			return next
		}
	}
}

// hash stands for a name in the set of used names, so that the set stays small. If
// two names have one hash, the second gets a number that it doesn't need.
func (n *names) hash(name string) uint64 {
	if n.rule == WindowsName {
		name = strings.ToLower(name)
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
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
