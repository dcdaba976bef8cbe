// Package manpage writes the manual page of a program whose flags kong parses.
package manpage

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Write writes the page of the section 1 in roff, with the macros of man(7). version is
// shown at the bottom. after is text that follows the commands, in the form of the
// program's help: paragraphs, and examples that are indented.
func Write(w io.Writer, program *kong.Application, version string, sections ...Section) error {
	p := &page{}
	p.line(".TH", strings.ToUpper(program.Name), "1", "", version, "User Commands")
	p.heading("NAME")
	p.text(program.Name + " \\- " + escaped(strings.TrimSuffix(firstLine(program.Help), ".")))
	p.heading("SYNOPSIS")
	for _, command := range program.Children {
		if !command.Hidden {
			p.line(".B", program.Name+" "+command.Name)
			p.text(escaped(arguments(command)))
			p.raw(".br")
		}
	}
	p.heading("DESCRIPTION")
	p.paragraphs(program.Help)
	p.heading("COMMANDS")
	for _, command := range program.Children {
		if !command.Hidden {
			p.command(command, command.Name)
		}
	}
	for _, s := range sections {
		p.heading(s.Heading)
		p.paragraphs(s.Text)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// A Section is one that follows the commands.
type Section struct{ Heading, Text string }

type page struct{ strings.Builder }

func (p *page) raw(s string) { p.WriteString(s + "\n") }

// line writes a macro with arguments.
func (p *page) line(macro string, args ...string) {
	p.WriteString(macro)
	for _, a := range args {
		fmt.Fprintf(p, " \"%s\"", strings.ReplaceAll(escaped(a), `"`, `\(dq`))
	}
	p.WriteByte('\n')
}

func (p *page) heading(s string) { p.line(".SH", s) }

// text writes a line of text, which is escaped already.
func (p *page) text(s string) {
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	p.raw(s)
}

// paragraphs writes a help text. Indented lines are examples, which stay as they are.
func (p *page) paragraphs(help string) {
	for part := range strings.SplitSeq(strings.TrimSpace(help), "\n\n") {
		if !strings.HasPrefix(part, "  ") {
			p.raw(".PP")
			p.text(escaped(strings.Join(strings.Fields(part), " ")))
			continue
		}
		p.raw(".PP\n.RS 4\n.nf")
		for line := range strings.SplitSeq(part, "\n") {
			p.text(escaped(strings.TrimPrefix(line, "  ")))
		}
		p.raw(".fi\n.RE")
	}
}

func (p *page) command(n *kong.Node, name string) {
	p.line(".SS", name+" "+arguments(n))
	p.paragraphs(n.Help)
	p.paragraphs(n.Detail)
	for _, argument := range n.Positional {
		p.term(argument.Summary(), argument.Help)
	}
	for _, flag := range n.Flags {
		if !flag.Hidden && flag.Name != "help" && flag.Name != "version" {
			name := "--" + flag.Name
			if flag.Short != 0 {
				name = "-" + string(flag.Short) + ", " + name
			}
			if !flag.IsBool() {
				name += "=" + flag.FormatPlaceHolder()
			}
			p.term(name, flag.Help)
		}
	}
	for _, child := range n.Children {
		if !child.Hidden && child == n.DefaultCmd {
			p.command(child, name)
		} else if !child.Hidden {
			p.command(child, name+" "+child.Name)
		}
	}
}

// term writes an entry of a list.
func (p *page) term(name, help string) {
	p.raw(".TP")
	p.line(".B", name)
	p.text(escaped(strings.Join(strings.Fields(help), " ")))
}

// arguments returns the arguments of a command as a synopsis has them.
func arguments(n *kong.Node) string {
	if len(n.Children) > 0 && n.DefaultCmd == nil {
		return "COMMAND ..."
	}
	if n.DefaultCmd != nil {
		n = n.DefaultCmd
	}
	words := []string{}
	for _, argument := range n.Positional {
		words = append(words, argument.Summary())
	}
	return strings.Join(append(words, "[flags]"), " ")
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, ". ")
	return s
}

// escaped returns s with what roff would interpret escaped.
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", `...`).Replace(s)
}
