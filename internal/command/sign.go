package command

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// sign is the command "downloadview sign".
type sign struct {
	URL        string         `arg:"" name:"url" help:"The URL that a client uses, or its part from the path on; its path as it is escaped. All its query parameters are signed."`
	KeyFile    string         `placeholder:"FILE" help:"The key file, which has to be named, such as \"downloadview key new\" makes; or the name of a credential of systemd."`
	Expires    *time.Duration `placeholder:"DURATION" xor:"expiry" help:"How long the link is valid: 24h unless this or --until is set."`
	Until      time.Time      `placeholder:"TIME" xor:"expiry" help:"When the link expires, such as 2027-01-01T00:00:00Z."`
	NotBefore  time.Time      `placeholder:"TIME" help:"When the link begins to be valid."`
	Prefix     bool           `help:"Sign a link to all files below URL, whose path ends in a slash. The link has another path; put the rest of a file's path behind it. Relative links in pages and playlists work below it."`
	Times      *int           `placeholder:"N" help:"How often the file may be downloaded; needs a server that counts downloads."`
	Name       string         `placeholder:"NAME" help:"The name that the file is saved under."`
	Inline     bool           `help:"Have the file shown, where its type is safe to be, and not saved."`
	Net        string         `placeholder:"CIDR" help:"The network that the client has to be in, such as 192.0.2.0/24."`
	ID         string         `placeholder:"ID" help:"A name of the link, for logs. It can be read in the link."`
	Window     *time.Duration `placeholder:"DURATION" help:"Round the expiry up, so that links made within such a time are the same and are cached."`
	SecureLink bool           `help:"Sign for \"config nginx --verify-links secure_link\": for a path until a time, and with no other flag. The MAC is an MD5."`
}

// Help is the long part of --help.
func (*sign) Help() string {
	return `The link is printed alone on stdout:

  downloadview sign --key-file /etc/downloadview/links.keys --expires 168h \
      --name "Q1 sales.pdf" https://files.example.com/reports/q1.pdf

With --prefix, the link is to a folder and all below it, such as a video with its playlist:

  downloadview sign --key-file /etc/downloadview/links.keys --prefix --inline \
      https://files.example.com/videos/17/

"downloadview serve --require-signature" verifies it, and so does a program that uses package middleware of this module. docs/links.md explains how to replace keys.`
}

// Run prints the link.
func (s *sign) Run(env *environment) error {
	if err := s.checkURL(); err != nil {
		return err
	}
	g, err := s.grant(time.Now())
	if err != nil {
		return err
	}
	if s.KeyFile == "" {
		return usageErrorf("--key-file is missing, want the file that \"downloadview key new FILE\" made")
	}
	keys, err := readKeys(s.KeyFile, "")
	if err != nil {
		return fmt.Errorf("--key-file: %w", err)
	}
	links := middleware.NewLinks(keys, nil)
	sign := links.Sign
	switch {
	case s.SecureLink && (s.Prefix || g != middleware.Grant{Expires: g.Expires}):
		return usageErrorf("--secure-link has an expiry only; want it without --prefix, --window, --not-before, --name, --inline, --net, --times and --id")
	case s.SecureLink:
		sign = func(url string, g middleware.Grant) (string, error) { return links.SignSecureLink(url, g.Expires) }
	case s.Prefix:
		sign = links.SignPrefix
	}
	link, err := sign(s.URL, g)
	if err != nil {
		return &UsageError{err}
	}
	_, err = fmt.Fprintln(env.stdout, link)
	return err
}

// checkURL refuses a URL that no browser takes for what it looks like.
func (s *sign) checkURL() error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil:
		return nil // Sign says why
	case u.Scheme == "" && u.Host != "":
		return usageErrorf("%q begins with a host and has no scheme; want https://%s%s, or a path that begins with one \"/\"", s.URL, u.Host, u.EscapedPath())
	case u.Scheme == "" && !strings.HasPrefix(u.Path, "/"):
		return usageErrorf("%q is neither a URL nor a path that begins with \"/\"; want such as https://files.example.com/reports/q1.pdf or /reports/q1.pdf", s.URL)
	case u.Scheme != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https"):
		return usageErrorf("%q is not the URL of a file at a web server; want such as https://files.example.com/reports/q1.pdf", s.URL)
	}
	return nil
}

// grant returns what the flags grant.
func (s *sign) grant(now time.Time) (middleware.Grant, error) {
	g := middleware.Grant{Expires: now.Add(24 * time.Hour), NotBefore: s.NotBefore, Name: s.Name, ID: s.ID}
	switch {
	case s.Expires != nil && *s.Expires <= 0:
		return g, usageErrorf("--expires %v is not a time to come, want one such as 24h", *s.Expires)
	case s.Expires != nil:
		g.Expires = now.Add(*s.Expires)
	case !s.Until.IsZero():
		g.Expires = s.Until
	}
	if s.Window != nil {
		if *s.Window < time.Second {
			return g, usageErrorf("--window %v is shorter than a second; want one such as 1h, or the flag left out", *s.Window)
		}
		g.Window = *s.Window
	}
	if s.Inline {
		g.Disposition = "inline"
	}
	if s.Net != "" {
		var err error
		if g.Network, err = netip.ParsePrefix(s.Net); err != nil {
			return g, usageErrorf("--net %q is not a network, want one such as 192.0.2.0/24, or 192.0.2.7/32 for one address", s.Net)
		}
	}
	if s.Times != nil {
		if *s.Times < 1 {
			return g, usageErrorf("--times %d; want 1 or more, or the flag left out for any number", *s.Times)
		}
		g.Times = *s.Times
	}
	switch {
	case s.Prefix && s.Name != "":
		return g, usageErrorf("--name %q can't be the name of all files below a --prefix; want one of them", s.Name)
	case s.Prefix && s.Times != nil:
		return g, usageErrorf("--times %d can't be counted for all files below a --prefix; want one of them", *s.Times)
	}
	return g, nil
}
