package completion

import (
	"embed"
	"fmt"
	"io"
	"strings"
)

//go:embed downloadview.bash downloadview.zsh downloadview.fish
var scripts embed.FS

// Shells are the shells that there is a script for.
var Shells = []string{"bash", "zsh", "fish"}

// Script returns the script for a shell.
func Script(shell string) (string, error) {
	text, err := scripts.ReadFile("downloadview." + shell)
	if err != nil {
		return "", fmt.Errorf("%q is not a known shell; want one of %s", shell, strings.Join(Shells, ", "))
	}
	return string(text), nil
}

// Print writes what the scripts read: which files may stand there, then each candidate on
// a line of its own, with its help behind a tab.
func Print(w io.Writer, found []Candidate, files Files) error {
	var b strings.Builder
	b.WriteString(string(files) + "\n")
	for _, c := range found {
		b.WriteString(c.Word)
		if c.Help != "" {
			b.WriteString("\t" + c.Help)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
