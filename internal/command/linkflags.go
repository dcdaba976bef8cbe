package command

import (
	"github.com/downloadview/downloadview/internal/config"
)

// linkFlags are the flags for signed links.
type linkFlags struct {
	RequireSignature bool   `group:"Signed links:" help:"Answer only requests with a signed link, which \"downloadview sign\" or a program makes; all others are 403. Needs --key-file. Default: no link is needed."`
	KeyFile          string `placeholder:"FILE" group:"Signed links:" help:"The key file for links, such as \"downloadview key new\" makes, or the name of a credential of systemd. SIGHUP reads it again. Default: that of the --config file."`
	Links            string `placeholder:"STORE" group:"Signed links:" help:"Where the downloads of links with a number of them are counted: memory, which a restart forgets, or the URL of a store that several servers share: redis://HOST:PORT, rediss://HOST:PORT (with TLS), unix:///PATH (of a socket of Redis), or nats://HOST:PORT or tls://HOST:PORT, of which there may be several with commas between. If the store can't be asked, such links are 503. The password may be in the environment: in REDISCLI_AUTH, or in NATS_PASSWORD with NATS_USER. Default: memory."`
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
		if err := m.CheckSigned(); err != nil {
			return usageErrorf("--require-signature: the mount %q %w", m.Path, err)
		}
		if f.KeyFile != "" {
			m.KeyFile = f.KeyFile
		}
		if m.KeyFile == "" {
			return usageErrorf("--require-signature needs --key-file with the file that \"downloadview key new FILE\" makes; want both")
		}
	}
	switch {
	case f.KeyFile != "" && !signed:
		return usageErrorf("--key-file %q has no effect without --require-signature; want both", f.KeyFile)
	case f.Links != "" && !signed:
		return usageErrorf("--links %q has no effect without --require-signature; want both", config.ShownStore(f.Links))
	}
	if f.Links != "" {
		if err := config.CheckLeaseStore(f.Links); err != nil {
			return usageErrorf("--links %q %w", config.ShownStore(f.Links), err)
		}
		c.Links, c.LinksLine = f.Links, 0
	}
	return nil
}
