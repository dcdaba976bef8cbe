package command

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// sign is the command "downloadview sign".
type sign struct {
	URL       string         `arg:"" name:"url" help:"The URL that a client uses, or its part from the path on; its path as it is escaped. All its query parameters are signed."`
	KeyFile   string         `placeholder:"FILE" help:"The key file, which has to be named, such as \"downloadview key new\" makes; or the name of a credential of systemd."`
	Expires   *time.Duration `placeholder:"DURATION" xor:"expiry" help:"How long the link is valid: 24h unless this or --until is set."`
	Until     time.Time      `placeholder:"TIME" xor:"expiry" help:"When the link expires, such as 2027-01-01T00:00:00Z."`
	NotBefore time.Time      `placeholder:"TIME" help:"When the link begins to be valid."`
	Name      string         `placeholder:"NAME" help:"The name that the file is saved under."`
	Inline    bool           `help:"Have the file shown, where its type is safe to be, and not saved."`
	Net       string         `placeholder:"CIDR" help:"The network that the client has to be in, such as 192.0.2.0/24."`
	ID        string         `placeholder:"ID" help:"A name of the link, for logs. It can be read in the link."`
	Window    time.Duration  `placeholder:"DURATION" help:"Round the expiry up, so that links made within such a time are the same and are cached."`
}

// Help is the long part of --help.
func (*sign) Help() string {
	return `The link is printed alone on stdout:

  downloadview sign --key-file /etc/downloadview/links.keys --expires 168h \
      --name "Q1 sales.pdf" https://files.example.com/reports/q1.pdf

"downloadview serve --require-signature" verifies it, and so does a program that uses package middleware of this module. docs/links.md explains how to replace keys.`
}

// Run prints the link.
func (s *sign) Run(env *environment) error {
	life := 24 * time.Hour
	if s.Expires != nil {
		life = *s.Expires
	}
	if life <= 0 {
		return usageErrorf("--expires %v is not a time to come, want one such as 24h", life)
	}
	var network netip.Prefix
	if s.Net != "" {
		var err error
		if network, err = netip.ParsePrefix(s.Net); err != nil {
			return usageErrorf("--net %q is not a network, want one such as 192.0.2.0/24", s.Net)
		}
	}
	if s.KeyFile == "" {
		return usageErrorf("--key-file is missing, want the file that \"downloadview key new FILE\" made")
	}
	keys, err := readKeys(s.KeyFile, "")
	if err != nil {
		return fmt.Errorf("--key-file: %w", err)
	}
	g := middleware.Grant{
		Expires: time.Now().Add(life), Window: s.Window, NotBefore: s.NotBefore,
		Name: s.Name, Network: network, ID: s.ID,
	}
	if !s.Until.IsZero() {
		g.Expires = s.Until
	}
	if s.Inline {
		g.Disposition = "inline"
	}
	link, err := middleware.NewLinks(keys, nil).Sign(s.URL, g)
	if err != nil {
		return &UsageError{err}
	}
	_, err = fmt.Fprintln(env.stdout, link)
	return err
}
