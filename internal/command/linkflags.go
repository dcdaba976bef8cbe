package command

import (
	"github.com/downloadview/downloadview/internal/config"
)

// linkFlags are the flags for signed links.
type linkFlags struct {
	RequireSignature bool   `group:"Signed links:" help:"Answer only requests with a signed link, which \"downloadview sign\" or a program makes; all others are 403. Needs --key-file. Default: no link is needed."`
	KeyFile          string `placeholder:"FILE" group:"Signed links:" help:"The key file for links, such as \"downloadview key new\" makes, or the name of a credential of systemd. SIGHUP reads it again. Default: that of the --config file."`
}

// apply sets the values of the flags in c, where they win over the file.
func (f *linkFlags) apply(c *config.Config) error {
	signed := false
	for i := range c.Mounts {
		m := &c.Mounts[i]
		m.RequireSignature = m.RequireSignature || f.RequireSignature
		if !m.RequireSignature {
			continue
		}
		signed = true
		if f.KeyFile != "" {
			m.KeyFile = f.KeyFile
		}
		if m.KeyFile == "" {
			return usageErrorf("--require-signature needs --key-file with the file that \"downloadview key new FILE\" makes; want both")
		}
	}
	if f.KeyFile != "" && !signed {
		return usageErrorf("--key-file %q has no effect without --require-signature; want both", f.KeyFile)
	}
	return nil
}
