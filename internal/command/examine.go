package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// examine is the command "downloadview doctor".
type examine struct {
	URL     string  `arg:"" help:"The URL at which clients reach the set-up, through the proxy, such as https://files.example.com."`
	Storage *string `arg:"" optional:"" help:"The directory, or the URL of the bucket, that the application serves. The doctor puts canary files into it, and removes them. Leave it out if the --config file has storages, or with --key."`

	App     string   `placeholder:"URL" help:"The address of the application without its proxy, such as http://127.0.0.1:8080, or unix:PATH. Default: all requests go through the proxy."`
	Key     string   `placeholder:"KEY" help:"Check with this existing file, and write nothing. There are fewer checks then. Default: canary files."`
	Mount   string   `placeholder:"PATH" help:"The path of the URL below which the storage is, such as /media/. Default: that of the file, else /."`
	Header  []string `placeholder:"'NAME: VALUE'" sep:"none" help:"A header field for each request, such as the Authorization or Cookie of a user who may download. Repeatable. Default: none."`
	KeyFile string   `placeholder:"FILE" help:"The key file for links, if serve has --require-signature, or the name of a credential of systemd. The doctor makes a link for an hour with it. Default: that of the mount in the --config file."`
	CAFile  string   `name:"ca-file" placeholder:"FILE" help:"Trust the certificates in this file, in PEM, beside those of the system: that of the site if it is self-signed, or that of its authority. Default: those of the system alone."`
	JSON    bool     `help:"Print one object of JSON. Default: text."`
	Config  string   `placeholder:"FILE" help:"Read the storage, the proxy and its rules from the YAML file of serve. Default: none."`
	Proxy   string   `placeholder:"NAME" help:"The proxy of the file that is at URL, if the file has several."`
	behindProxy

	otherLinks bool // the proxy lets links of a form in that the doctor doesn't make
	ownErrors  bool // the proxy verifies links, so its errors are not the application's

	directory string // of a bucket of local files; "": the storage is another one
}

// Help is the long part of --help.
func (*examine) Help() string {
	return `The doctor checks in four steps: the storage, the application against the storage, the proxy against the storage, all together. For each failed check it prints the cause and the directive to change. Pass it the rules of serve, by the same flags or the same file. The report has neither signed URLs nor the values of --header.

The exit status is 0 if no check failed, even with warnings, 1 if a check failed, and 2 if the command line is wrong.

Examples:

  downloadview doctor http://127.0.0.1:8000 --app http://127.0.0.1:8080 \
      --accel nginx --rule /srv/media=/_media/ /srv/media

  downloadview doctor https://files.example.com \
      --config downloadview.yaml --mount /media/ --key report.pdf

If the proxy of the file has a tier, a fifth step downloads files from each of its cache nodes, through the edge (docs/scale.md).`
}

// Run checks the set-up and prints the report. On SIGINT and SIGTERM, and if its terminal
// is closed, it ends early, and still removes the files that it put into the storage.
func (x *examine) Run(ctx context.Context, env *environment) error {
	setup, release, err := x.setup(ctx, env)
	if err != nil {
		return err
	}
	defer release()
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup makes it
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, ends...)
	defer stop()
	defer x.removeFolder()
	report, err := doctor.Run(ctx, setup)
	if e, ok := errors.AsType[*doctor.SetupError](err); ok {
		return usageErrorf("doctor: the %w", e.Err)
	}
	if err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	if x.otherLinks {
		skipOtherLinks(&report)
	}
	if x.ownErrors {
		skipErrorPages(&report)
	}
	if err := x.write(env, report); err != nil || report.OK() {
		return err
	}
	failed := 0
	for _, c := range report.Checks {
		if c.Result == doctor.Failed {
			failed++
		}
	}
	return fmt.Errorf("doctor: %s of %d failed", count(failed, "check", "checks"), len(report.Checks))
}

// skipOtherLinks marks the checks as not applicable that need the proxy to let a file
// through, if it refuses the doctor.
func skipOtherLinks(r *doctor.Report) {
	at := slices.IndexFunc(r.Checks, func(c doctor.Check) bool { return c.Name == "proxy-file" })
	if at < 0 || r.Checks[at].Result != doctor.Failed || !strings.HasPrefix(r.Checks[at].Detail, "403") {
		return
	}
	for i := range r.Checks[at:] {
		if c := &r.Checks[at+i]; i == 0 || c.Result == doctor.NotApplicable {
			*c = doctor.Check{Step: c.Step, Name: c.Name, Result: doctor.NotApplicable, Detail: otherLinks}
		}
	}
}

// removeFolder removes the empty folders that are left of the doctor's files in a bucket of
// local files: a bucket has no folders that could be removed.
func (x *examine) removeFolder() {
	if x.directory == "" {
		return
	}
	all, err := os.ReadDir(x.directory)
	if err != nil {
		return
	}
	for _, e := range all {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), doctorFolder) {
			continue
		}
		var folders []string
		filepath.WalkDir(filepath.Join(x.directory, e.Name()), func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				folders = append(folders, path)
			}
			return err
		})
		for _, path := range slices.Backward(folders) {
			os.Remove(path) // only if it is empty
		}
	}
}

// bucketDirectory returns the directory of a bucket of local files, "" for other storages.
func bucketDirectory(c *config.Config, storage string) string {
	for _, s := range c.Storages {
		if u, err := config.ParseURL(s.URL); s.Name == storage && err == nil && u.Scheme == "file" {
			return filepath.Join(filepath.FromSlash(u.Path), filepath.FromSlash(u.Query().Get("prefix")))
		}
	}
	return ""
}

// skipErrorPages marks the check as not applicable that finds other errors than those of
// the application.
func skipErrorPages(r *doctor.Report) {
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Name == "whole-error-pages" && c.Result == doctor.Warning {
			*c = doctor.Check{Step: c.Step, Name: c.Name, Result: doctor.NotApplicable, Detail: "nginx verifies the links of these files, and doesn't ask the application for them, so the errors are its own"}
		}
	}
}

const otherLinks = `nginx lets only links of "sign --secure-link" in, each to one file, and the doctor makes none; these checks need a proxy without verify_links`

func (x *examine) write(env *environment, report doctor.Report) error {
	if !x.JSON {
		return report.WriteText(env.stdout)
	}
	return writeJSON(env.stdout, report, "  ")
}

// setup returns the set-up to check, and a function that releases its storage.
func (x *examine) setup(ctx context.Context, env *environment) (doctor.Setup, func(), error) {
	if x.Mount != "" { // its slashes may be left out
		x.Mount = strings.TrimSuffix("/"+strings.Trim(x.Mount, "/"), "/") + "/"
	}
	s := doctor.Setup{Site: x.URL, App: x.App, Key: x.Key, Server: x.Accel, Prefix: x.Mount}
	var err error
	if s.Header, err = parseHeader(x.Header); err != nil {
		return s, nil, err
	}
	if x.CAFile != "" {
		if s.Client, err = trusting(x.CAFile); err != nil {
			return s, nil, err
		}
	}
	if x.KeyFile != "" {
		if err := x.permit(&s, cmp.Or(x.Mount, "/"), x.KeyFile, ""); err != nil {
			return s, nil, err
		}
	}
	asServed := &serve{Storage: x.Storage, downloadFlags: downloadFlags{Config: x.Config, behindProxy: x.behindProxy}}
	if x.Storage == nil && x.Config == "" {
		return s, func() {}, x.withoutStorage()
	}
	c, err := asServed.settings()
	if err != nil {
		return s, nil, err
	}
	m, err := x.chooseMount(c)
	if err != nil {
		return s, nil, err
	}
	if len(c.Proxies) > 1 && x.Proxy == "" && x.Accel == "" {
		return s, nil, usageErrorf("doctor: --config %s has several proxies; want --proxy with the one at %s", x.Config, x.URL)
	}
	if m.RequireSignature && x.KeyFile == "" {
		if err := x.permit(&s, cmp.Or(x.Mount, m.Path), m.KeyFile, c.Folder()); err != nil {
			return s, nil, err
		}
	}
	if x.Mount != "" && len(c.Mounts) == 1 {
		m.Path = x.Mount // clients find the storage there, though the flags mount it at /
	}
	d, err := asServed.deliveryFor(c, x.Proxy)
	if err != nil {
		return s, nil, err
	}
	if len(c.Proxies) == 1 && x.Accel == "" {
		s.Server = c.Proxies[0].Type()
	}
	for i := range c.Proxies {
		if p := &c.Proxies[i]; p.VerifyLinks != "" && (len(c.Proxies) == 1 || p.Name == x.Proxy) {
			paths, _ := signedPaths(siteOf(c, p).Rules, c, m)
			x.ownErrors = len(paths) > 0
			x.otherLinks = x.ownErrors && p.VerifyLinks == "secure_link"
		}
	}
	c.Mounts = []config.Mount{*m}
	storages, release, err := openStorages(ctx, c, env.open, nil, slog.New(slog.NewTextHandler(env.stderr, nil)))
	if err != nil {
		return s, nil, err
	}
	x.directory = bucketDirectory(c, m.Storage)
	s.Index = m.Index
	s.Prefix, s.Storage, s.Offloader = cmp.Or(x.Mount, m.Path), storages[m.Storage], d.offloader
	if x.Accel == "" {
		s.Nodes = cacheNodes(c, s.Storage, d.offloader)
	}
	return s, release, nil
}

// cacheNodes returns the cache nodes of the only proxy of c, if the files of a storage
// come from them.
func cacheNodes(c *config.Config, storage downloadview.Storage, o downloadview.Offloader) []string {
	if len(c.Proxies) != 1 || c.Proxies[0].Tier == nil || o == nil {
		return nil
	}
	f, err := storage.File("any")
	if err != nil {
		return nil
	}
	src, _ := downloadview.SourceOf(f)
	h, _ := o.Offload(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}, src)
	for _, r := range c.Rules {
		if r.Name == h.Rule && r.Cache > 0 {
			return c.Proxies[0].Tier.Nodes
		}
	}
	return nil
}

// permit adds a cookie to the header of the doctor's requests, which permits all files
// below the path of a mount for an hour.
func (x *examine) permit(s *doctor.Setup, path, keyFile, folder string) error {
	keys, err := readKeys(keyFile, folder)
	if err != nil {
		return fmt.Errorf("doctor: key file: %w", err)
	}
	prefix := strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), ";", "%3B") // as sign wants it
	cookie, err := middleware.NewLinks(keys, nil).Cookie(prefix, middleware.Grant{Expires: time.Now().Add(time.Hour), ID: "downloadview doctor"})
	if err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	s.Links = true
	s.Header = s.Header.Clone()
	if s.Header == nil {
		s.Header = make(http.Header)
	}
	s.Header.Add("Cookie", cookie.Name+"="+cookie.Value)
	return nil
}

// withoutStorage checks the flags if there is neither a storage nor a file: then --key
// is needed.
func (x *examine) withoutStorage() error {
	switch {
	case x.Key == "":
		return usageErrorf("doctor: no storage for canary files; want STORAGE, --config FILE, or --key KEY of an existing file")
	case x.Proxy != "":
		return usageErrorf("--proxy %q has no effect without --config; want both", x.Proxy)
	}
	mount := config.Mount{Path: cmp.Or(x.Mount, "/")}
	_, err := x.accelerator(&config.Config{Mounts: []config.Mount{mount}})
	return err
}

// chooseMount returns the mount of c to check: the only one, or that of --mount.
func (x *examine) chooseMount(c *config.Config) (*config.Mount, error) {
	if len(c.Mounts) == 1 {
		return &c.Mounts[0], nil
	}
	var paths []string
	for i := range c.Mounts {
		if c.Mounts[i].Path == x.Mount {
			return &c.Mounts[i], nil
		}
		paths = append(paths, c.Mounts[i].Path)
	}
	return nil, usageErrorf("doctor: --config %s has several mounts; want --mount with one of %s", x.Config, strings.Join(paths, ", "))
}

func parseHeader(lines []string) (http.Header, error) {
	h := make(http.Header)
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		value = textproto.TrimString(value)
		switch {
		case !ok || !headerName.MatchString(name) || strings.ContainsFunc(value, isControl):
			return nil, usageErrorf("--header %q; want NAME: VALUE, such as \"Cookie: session=1\"", name)
		case strings.EqualFold(name, "Host"):
			return nil, usageErrorf("--header %q has no effect, since each request has the host of its URL; want it in URL", name)
		}
		h.Add(name, value)
	}
	return h, nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
