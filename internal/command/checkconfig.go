package command

import (
	"errors"
	"fmt"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/printable"
)

// checkConfig is the command "downloadview config check".
type checkConfig struct {
	File string `arg:"" help:"The file that --config is to be given."`
}

// Help is the long part of --help.
func (*checkConfig) Help() string {
	return `Everything that is wrong is told on stderr, a line each: FILE:LINE: KEY: what. That is all that serve would refuse, and what it would take but can't work, such as a rule for no storage. Nothing is opened but the file, and the one of its mime_types. The exit status is 0 where all is well, 1 where something is wrong and 2 when the command line is.`
}

// Run says "FILE: ok" and what is in it, or all that is wrong.
func (c *checkConfig) Run(env *environment) error {
	conf, err := readConfig(c.File)
	if err == nil {
		_, err = readTypes(conf)
	}
	var wrong config.Errors
	if errors.As(err, &wrong) {
		return wrong // found, as it was asked to
	}
	if err != nil {
		return err
	}
	if wrong := review(conf, env.checks); wrong != nil {
		return wrong
	}
	_, err = fmt.Fprintf(env.stdout, "%s: ok\n%s, %s, %s, %s\n", printable.Text(conf.File),
		count(len(conf.Storages), "storage", "storages"), count(len(conf.Mounts), "mount", "mounts"),
		count(len(conf.Proxies), "proxy", "proxies"), count(len(conf.Rules), "rule", "rules"))
	return err
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
