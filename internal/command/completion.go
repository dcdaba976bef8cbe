package command

import (
	"io"

	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview/internal/completion"
	"github.com/downloadview/downloadview/internal/proxies"
)

// printCompletion is the command "downloadview completion".
type printCompletion struct {
	Shell string `arg:"" help:"The shell: bash, zsh or fish."`
}

// Help is the long part of --help.
func (*printCompletion) Help() string {
	return `The script is printed on stdout. It makes the shell complete commands, flags and their values. Its first lines say where to put it. In one shell:

  source <(downloadview completion bash)

  source <(downloadview completion zsh)

  downloadview completion fish | source`
}

// Run prints the script.
func (p *printCompletion) Run(env *environment) error {
	script, err := completion.Script(p.Shell)
	if err != nil {
		return usageErrorf("completion: %w", err)
	}
	_, err = io.WriteString(env.stdout, script)
	return err
}

// completeWords is the command that the scripts call.
type completeWords struct {
	Words []string `arg:"" optional:"" help:"The arguments up to the cursor."`
}

// Run prints the candidates.
func (w *completeWords) Run(env *environment, line *kong.Kong) error {
	c := &completion.Completer{
		Program: line.Model,
		Values: map[string][]string{
			"accel":        proxies.Names(),
			"headers":      {"own", "safety", "private"},
			"links":        {"memory", "redis://", "nats://"},
			"log":          {"text", "json", "off"},
			"log-level":    {"debug", "info", "warn", "error"},
			"symlinks":     {"refuse", "follow"},
			"verify-links": {"njs", "secure_link"},
		},
		Arguments: map[string][]string{
			"config print server": proxies.Names(),
			"completion shell":    completion.Shells,
		},
	}
	found, files := c.Complete(w.Words)
	return completion.Print(env.stdout, found, files)
}
