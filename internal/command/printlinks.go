package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/destination"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/middleware"
)

// verifyFlags are the flags with which a proxy verifies signed links by itself.
type verifyFlags struct {
	VerifyLinks string `placeholder:"HOW" help:"Have nginx verify signed links and send their files by itself, without a request to downloadview: njs, which knows all links but those with a number of downloads, a session or a version; or secure_link, for links of \"sign --secure-link\". Default: that of the file, else downloadview verifies."`
	KeyFile     string `placeholder:"FILE" help:"With --verify-links, the key file, or the name of a credential of systemd. Print the configuration again when it changes. Default: that of the mounts in the file."`
	Script      string `placeholder:"FILE" help:"With --verify-links njs, where nginx finds the script that verifies. It is written there with mode 0600, in place of an older one. Default: that of the file."`
}

// links adds to s how nginx verifies links. c and proxy are nil without --config.
func (p *printConfig) links(s *site.Site, c *config.Config, proxy *config.Proxy) error {
	l := &site.Links{Verify: p.VerifyLinks, Script: p.Script}
	if proxy != nil {
		l.Verify, l.Script = cmp.Or(l.Verify, proxy.VerifyLinks), cmp.Or(l.Script, proxy.Script)
	}
	if l.Verify == "" {
		if p.KeyFile != "" || p.Script != "" {
			return usageErrorf("config %s: --key-file and --script have no effect without --verify-links; want such as --verify-links njs", p.Server)
		}
		return nil
	}
	purpose := middleware.LinkPurpose
	switch {
	case l.Verify != "njs" && l.Verify != "secure_link":
		return usageErrorf("--verify-links %q; want njs or secure_link", l.Verify)
	case p.Server != "nginx":
		return usageErrorf("config %s: --verify-links is for nginx; want config nginx", p.Server)
	case l.Verify == "njs" && l.Script == "":
		return usageErrorf("config %s: --verify-links njs needs a file for the script; want --script FILE, such as /etc/nginx/downloadview.js", p.Server)
	case l.Verify == "secure_link" && p.Script != "":
		return usageErrorf("config %s: --script %q has no effect with --verify-links secure_link; want njs, or no script", p.Server, p.Script)
	case l.Verify == "secure_link":
		l.Script, purpose = "", middleware.SecureLinkPurpose
	default:
		if err := config.CheckExpanded(l.Script); err != nil {
			return usageErrorf("--script %q %w", l.Script, err)
		}
		abs, err := filepath.Abs(l.Script)
		if err != nil {
			return err
		}
		l.Script = abs
	}
	keyFile, folder, err := setPaths(l, s, c)
	if err != nil {
		return usageErrorf("config %s: --verify-links: %w", p.Server, err)
	}
	if p.KeyFile != "" {
		keyFile, folder = p.KeyFile, ""
	}
	if keyFile == "" {
		return usageErrorf("config %s: --verify-links %s needs the keys of the links; want --key-file FILE", p.Server, l.Verify)
	}
	if c != nil {
		if l.Types, err = readTypes(c); err != nil {
			return err
		}
	}
	if l.Keys, err = linkKeys(keyFile, folder, purpose); err != nil {
		return fmt.Errorf("--key-file: %w", err)
	}
	s.Links = l
	return nil
}

// linkKeys reads the subkeys of a key file whose links are accepted now.
func linkKeys(file, folder, purpose string) ([]site.LinkKey, error) {
	keys, err := readKeys(file, folder)
	if err != nil {
		return nil, err
	}
	subkeys, err := keys.Subkeys(purpose)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var accepted []site.LinkKey
	for _, k := range subkeys {
		if k.AcceptUntil.IsZero() || now.Before(k.AcceptUntil) {
			accepted = append(accepted, site.LinkKey(k))
		}
	}
	if len(accepted) == 0 {
		return nil, fmt.Errorf("key file %s: no key is accepted now", file)
	}
	return accepted, nil
}

// setPaths sets the paths that need a link, and returns their key file, which begins at
// folder. The paths are those of mounts that require a signature and are directories,
// as far as rules have nginx send their files. All others go to downloadview. Without a
// configuration file, the directory of the only rule is at "/", or at the base path.
func setPaths(l *site.Links, s *site.Site, c *config.Config) (keyFile, folder string, err error) {
	rules := s.Rules
	if c == nil {
		if len(rules) != 1 || rules[0].Signed != nil {
			return "", "", errors.New("nginx has to know which directory is at which path of URLs; want one --rule with a directory, which is at /, or --config FILE with mounts")
		}
		dir, err := rules[0].Files()
		if err != nil {
			return "", "", fmt.Errorf("rule %q: %w", rules[0].Title(), err)
		}
		l.Paths = []site.SignedPath{{Path: s.BasePath + "/", Directory: dir + "/", LimitRate: rules[0].LimitRate}}
		return "", "", nil
	}
	first := ""
	for i := range c.Mounts {
		m := &c.Mounts[i]
		paths, whole := signedPaths(rules, c, m)
		l.Paths = append(l.Paths, paths...)
		if !whole {
			l.Others = append(l.Others, m.Path)
		}
		switch {
		case len(paths) == 0:
		case first == "":
			first, keyFile = m.Path, m.KeyFile
		case keyFile != m.KeyFile:
			return "", "", fmt.Errorf("the mounts %q and %q have different key files, and with either key nginx would let links to both in; want one key file for them", first, m.Path)
		}
	}
	if len(l.Paths) == 0 {
		return "", "", errors.New("no mount with require_signature is a directory whose files a rule has nginx send; want such a mount and rule, or no verify_links")
	}
	return keyFile, c.Folder(), nil
}

// signedPaths returns the paths at which nginx finds the files of a mount, and whether
// it finds all.
func signedPaths(rules []site.Rule, c *config.Config, m *config.Mount) (paths []site.SignedPath, whole bool) {
	if !m.RequireSignature || !isDirectory(c, m.Storage) {
		return nil, false
	}
	var dir string
	for _, s := range c.Storages {
		if s.Name == m.Storage {
			dir = strings.TrimSuffix(filepath.ToSlash(s.URL), "/") + "/"
		}
	}
	covering := -1 // length of the source that wins
	add := func(path, files string, r *site.Rule) {
		paths = append(paths, site.SignedPath{
			Path: path, Mount: m.Path, Directory: files + "/", Inline: m.Inline, Hidden: m.Hidden, CacheControl: m.CacheControl, LimitRate: lower(m.LimitRate, r.LimitRate),
		})
	}
	var covers func()
	for i := range rules {
		r := &rules[i]
		origin, source := destination.Split(filepath.ToSlash(r.Source))
		files, err := r.Files()
		if origin != destination.Local || r.Signed != nil || err != nil {
			continue
		}
		source = strings.TrimSuffix("/"+source, "/") + "/"
		switch {
		case strings.HasPrefix(dir, source):
			if len(source) > covering {
				covering = len(source)
				covers = func() { add(m.Path, strings.TrimSuffix(files+"/"+dir[len(source):], "/"), r) }
			}
		case strings.HasPrefix(source, dir):
			add(m.Path+source[len(dir):], files, r)
		}
	}
	if covers != nil {
		covers()
	}
	return paths, covers != nil
}

// lower returns the lower of two limits, of which 0 is none.
func lower(a, b int64) int64 {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// writeScript writes the script of njs, in one step for those who read it. A file that
// isn't such a script stays as it is.
func writeScript(s site.Site) error {
	file := s.Links.Script
	if fi, err := os.Stat(file); err == nil && !fi.Mode().IsRegular() { // such as /dev/null, which would be replaced
		return fmt.Errorf("--script %q is not a regular file (mode %v), so it stays as it is; want another file", file, fi.Mode())
	}
	old, err := os.ReadFile(file)
	switch {
	case err == nil && len(old) > 0 && !bytes.HasPrefix(old, []byte(nginx.ScriptMark)):
		return fmt.Errorf("--script %q exists and is not a script of downloadview, so it stays as it is; want another file", file)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--script: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".downloadview-*.js") // mode 0600
	if err != nil {
		return fmt.Errorf("--script: %w", err)
	}
	err = errors.Join(nginx.PrintScript(f, s), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--script: %w", err), os.Remove(f.Name()))
	}
	return nil
}
