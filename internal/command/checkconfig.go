package command

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/printable"
)

// checkConfig is the command "downloadview config check".
type checkConfig struct {
	File string `arg:"" help:"The configuration file: the value of --config."`
}

// Help is the long part of --help.
func (*checkConfig) Help() string {
	return `Each error is one line on stderr: FILE:LINE: KEY: MESSAGE. Errors are all that serve would refuse, and also settings that serve accepts but that can't work, such as a rule without a storage. Only the file, that of its mime_types, its key files and its certificate are opened. The exit status is 0 if the file is right, 1 if it has errors, and 2 if the command line is wrong.`
}

// Run prints "FILE: ok" and the number of its storages, mounts, proxies and rules. If
// the file has errors, Run returns them as [config.Errors].
func (c *checkConfig) Run(env *environment) error {
	conf, err := readConfig(c.File)
	if err == nil {
		_, err = readTypes(conf)
	}
	var wrong config.Errors
	if errors.As(err, &wrong) {
		return wrong // no usage error: finding them is what the command is for
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return config.Errors{e}
	}
	if err != nil {
		return err
	}
	wrong = append(review(conf, env.checks), checkKeyFiles(conf)...)
	wrong = append(wrong, checkCertificate(conf)...)
	wrong = append(wrong, checkLedger(conf)...)
	wrong = append(wrong, checkLeases(conf)...)
	if wrong != nil {
		slices.SortStableFunc(wrong, func(a, b *config.Error) int { return cmp.Compare(a.Line, b.Line) })
		return wrong
	}
	_, err = fmt.Fprintf(env.stdout, "%s: ok\n%s, %s, %s, %s\n", printable.Text(conf.File),
		count(len(conf.Storages), "storage", "storages"), count(len(conf.Mounts), "mount", "mounts"),
		count(len(conf.Proxies), "proxy", "proxies"), count(len(conf.Rules), "rule", "rules"))
	return err
}

// checkKeyFiles reads the key files of c, and returns an error for each that is wrong.
func checkKeyFiles(c *config.Config) (wrong config.Errors) {
	checked := make(map[string]bool)
	for i := range c.Mounts {
		m := &c.Mounts[i]
		if !m.RequireSignature || checked[m.KeyFile] {
			continue
		}
		checked[m.KeyFile] = true
		keys, err := keysOfMount(c, m)
		if err == nil && !anyAccepted(keys) {
			err = inFile(c, m.Line, c.MountKey(m), fmt.Errorf("key_file: key file %s: %w", m.KeyFile, errAllOver))
		}
		if e, ok := errors.AsType[*config.Error](err); ok {
			wrong = append(wrong, e)
		}
	}
	return wrong
}

// checkLedger checks the parameters in the URL of c's ledger. It asks nobody: those of NATS
// have none, and would be connected to.
func checkLedger(c *config.Config) config.Errors {
	if c.Ledger == "" || strings.HasPrefix(c.Ledger, "nats:") || strings.HasPrefix(c.Ledger, "tls:") {
		return nil
	}
	store, err := openLedgerStore(c.Ledger)
	if err != nil {
		return config.Errors{{File: c.File, Line: c.LedgerLine, Key: "ledger", Err: err}}
	}
	store.Close()
	return nil
}

// checkLeases checks the URL at which the downloads of links are counted. As with the ledger, it
// asks nobody.
func checkLeases(c *config.Config) config.Errors {
	if strings.HasPrefix(c.Links, "nats:") || strings.HasPrefix(c.Links, "tls:") {
		return nil
	}
	_, release, err := openLeases(c.Links, nil)
	if err != nil {
		return config.Errors{{File: c.File, Line: c.LinksLine, Key: "links", Err: err}}
	}
	release()
	return nil
}

// checkCertificate reads the certificate of c.
func checkCertificate(c *config.Config) config.Errors {
	cert := certificateOf(c)
	if cert == nil {
		return nil
	}
	if e, ok := errors.AsType[*config.Error](cert.load(slog.New(slog.DiscardHandler))); ok {
		return config.Errors{e}
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
