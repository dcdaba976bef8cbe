// Package completion completes command lines of a program whose flags kong parses. The
// scripts for the shells ask the program, so all shells offer the same words.
package completion

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A Candidate is a word that may stand at the place of the cursor.
type Candidate struct {
	Word string
	Help string // a few words; "" if there are none
}

// Files says which files a shell offers beside the candidates.
type Files string

const (
	NoFiles     Files = "none"
	AnyFiles    Files = "files"
	Directories Files = "directories"
)

// A Completer completes the command lines of a program.
type Completer struct {
	// Program is the model of the program's command line.
	Program *kong.Application

	// Values has the values of flags that have a list of them, by the name of the
	// flag without its dashes.
	Values map[string][]string

	// Arguments has the values of arguments that have a list of them, by the command
	// and the name of the argument, such as "config print server".
	Arguments map[string][]string
}

// Complete returns what may stand in place of the last of words, which are the arguments
// of the program up to the cursor. The last word is "" if the cursor is behind a space.
// The form "--flag=value" is completed as one word.
func (c *Completer) Complete(words []string) ([]Candidate, Files) {
	if len(words) == 0 {
		words = []string{""}
	}
	at := place{node: c.Program.Node}
	for _, word := range words[:len(words)-1] {
		at.read(word)
	}
	word := words[len(words)-1]
	if at.flag != nil {
		return c.ofFlag(at.flag, "", word)
	}
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(word, "--") && !at.literal {
		if flag := at.find(name); flag != nil {
			return c.ofFlag(flag, name+"=", value)
		}
		return nil, NoFiles
	}
	if strings.HasPrefix(word, "-") && !at.literal {
		return at.flags(word), NoFiles
	}
	return c.ofArgument(&at, word)
}

// ofFlag completes a value of a flag. Each candidate begins with before.
func (c *Completer) ofFlag(flag *kong.Flag, before, value string) ([]Candidate, Files) {
	if values := c.Values[flag.Name]; len(values) > 0 {
		return starting(values, before, value), NoFiles
	}
	return nil, filesOf(flag.PlaceHolder)
}

// ofArgument completes a command or an argument.
func (c *Completer) ofArgument(at *place, word string) ([]Candidate, Files) {
	var found []Candidate
	files := NoFiles
	if at.arguments == 0 {
		for _, child := range at.node.Children {
			if !child.Hidden && child != at.node.DefaultCmd && strings.HasPrefix(child.Name, word) {
				found = append(found, Candidate{child.Name, firstSentence(child.Help)})
			}
		}
	}
	node := at.node
	if node.DefaultCmd != nil {
		node = node.DefaultCmd
	}
	if at.arguments < len(node.Positional) {
		argument := node.Positional[at.arguments]
		if values := c.Arguments[strings.TrimPrefix(node.Path(), c.Program.Name+" ")+" "+argument.Name]; len(values) > 0 {
			found = append(found, starting(values, "", word)...)
		} else {
			files = filesOf(argument.Name)
		}
	}
	return found, files
}

// A place is where a command line has got to.
type place struct {
	node      *kong.Node
	arguments int        // that were read since the command
	flag      *kong.Flag // the next word is its value; or nil
	literal   bool       // "--" was read: no flags follow
}

func (p *place) read(word string) {
	switch {
	case p.flag != nil:
		p.flag = nil
	case word == "--" && !p.literal:
		p.literal = true
	case strings.HasPrefix(word, "-") && !p.literal:
		if flag := p.find(word); flag != nil && !flag.IsBool() && !flag.IsCounter() {
			p.flag = flag
		}
	default:
		i := slices.IndexFunc(p.node.Children, func(n *kong.Node) bool { return n.Name == word })
		if i < 0 || p.arguments > 0 {
			p.arguments++
			return
		}
		p.node = p.node.Children[i]
	}
}

// find returns the flag with this name, which begins with its dashes; or nil.
func (p *place) find(name string) *kong.Flag {
	for _, flag := range p.all() {
		if name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

// all returns the flags of the command, with those of its parents, and of the command
// that is meant if none is named.
func (p *place) all() []*kong.Flag {
	flags := slices.Concat(p.node.AllFlags(true)...)
	if d := p.node.DefaultCmd; d != nil {
		flags = append(flags, d.Flags...)
	}
	return flags
}

// flags returns the flags that begin with prefix.
func (p *place) flags(prefix string) []Candidate {
	var found []Candidate
	for _, flag := range p.all() {
		if name := "--" + flag.Name; strings.HasPrefix(name, prefix) {
			found = append(found, Candidate{name, firstSentence(flag.Help)})
		}
	}
	return found
}

func starting(values []string, before, prefix string) []Candidate {
	var found []Candidate
	for _, v := range values {
		if strings.HasPrefix(v, prefix) {
			found = append(found, Candidate{Word: before + v})
		}
	}
	return found
}

// filesOf returns which files a value with this placeholder, or an argument with this
// name, can be.
func filesOf(kind string) Files {
	switch strings.ToLower(kind) {
	case "file", "files":
		return AnyFiles
	case "dir", "storage":
		return Directories
	}
	return NoFiles
}

// firstSentence returns the beginning of a help text, as one line of at most 60
// characters.
func firstSentence(help string) string {
	s, _, _ := strings.Cut(strings.Join(strings.Fields(help), " "), ". ")
	s = strings.TrimSuffix(s, ".")
	if r := []rune(s); len(r) > 60 {
		s = strings.TrimSpace(string(r[:59])) + "…"
	}
	return s
}
