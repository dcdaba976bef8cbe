package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/config"
)

// examine is the command "downloadview doctor".
type examine struct {
	URL     string  `arg:"" help:"Where clients reach the set-up, through the proxy, such as https://files.example.com."`
	Storage *string `arg:"" optional:"" help:"The directory, or the URL of the bucket, that the application serves. Canary files are put into it, and removed. Left out where --config has storages, or with --key."`

	App    string   `placeholder:"URL" help:"Where the application is reached without its proxy, such as http://127.0.0.1:8080, or unix:PATH. Default: it isn't asked itself."`
	Key    string   `placeholder:"KEY" help:"Look at this file, which is there, and write nothing. Less can be checked then. Default: canary files."`
	Mount  string   `placeholder:"PATH" help:"Below which path of the URL the storage is, such as /media/. Default: what the file says, else /."`
	Header []string `placeholder:"'NAME: VALUE'" sep:"none" help:"Goes with each request, such as the Authorization or Cookie of somebody who may download. Repeatable. Default: none."`
	CAFile string   `name:"ca-file" placeholder:"FILE" help:"Trust the certificates in this file too, in PEM: that of the site, where it is self-signed, or that of its authority. Default: what the system trusts."`
	JSON   bool     `help:"Print one object. Default: text for people."`
	Config string   `placeholder:"FILE" help:"Take the storage, the proxy and its rules from a YAML file, the one that serve is given. Default: none."`
	Proxy  string   `placeholder:"NAME" help:"Which proxy of the file is at URL, where there are several."`
	behindProxy
}

// Help is the long part of --help.
func (*examine) Help() string {
	return `Four steps track a fault down: the storage, the application against the storage, the proxy against the storage, all together. What fails comes with its cause and the directive to change. The rules are those that serve was given, by the same flags or the same file. Signed URLs and --header are not in the report.

The exit status is 0, warnings or not, 1 where a check failed, and 2 when the command line is wrong.

Examples:

  downloadview doctor http://127.0.0.1:8000 --app http://127.0.0.1:8080 \
      --accel nginx --rule /srv/media=/_media/ /srv/media

  downloadview doctor https://files.example.com \
      --config downloadview.yaml --mount /media/ --key report.pdf`
}

// Run checks the set-up and prints the report. A signal ends it; what was put
// into the storage is removed all the same.
func (x *examine) Run(ctx context.Context, env *environment) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	setup, release, err := x.setup(ctx, env)
	if err != nil {
		return err
	}
	defer release()
	report, err := doctor.Run(ctx, setup)
	if e, ok := errors.AsType[*doctor.SetupError](err); ok {
		return usageErrorf("doctor: the %w", e.Err)
	}
	if err != nil {
		return fmt.Errorf("doctor: %w", err)
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

func (x *examine) write(env *environment, report doctor.Report) error {
	if !x.JSON {
		return report.WriteText(env.stdout)
	}
	return writeJSON(env.stdout, report, "  ")
}

// setup returns what is to be checked, and what releases its storage.
func (x *examine) setup(ctx context.Context, env *environment) (doctor.Setup, func(), error) {
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
	if x.Mount != "" && len(c.Mounts) == 1 {
		m.Path = x.Mount // where clients find what the flags serve at /
	}
	d, err := asServed.deliveryFor(c, x.Proxy)
	if err != nil {
		return s, nil, err
	}
	if len(c.Proxies) == 1 && x.Accel == "" {
		s.Server = c.Proxies[0].Type()
	}
	c.Mounts = []config.Mount{*m}
	storages, release, err := openStorages(ctx, c, env.open, slog.New(slog.NewTextHandler(env.stderr, nil)))
	if err != nil {
		return s, nil, err
	}
	s.Prefix, s.Storage, s.Offloader = cmp.Or(x.Mount, m.Path), storages[m.Storage], d.offloader
	return s, release, nil
}

// withoutStorage checks what is left where there is none: a file is looked at.
func (x *examine) withoutStorage() error {
	switch {
	case x.Key == "":
		return usageErrorf("doctor: no storage for canary files; want STORAGE, --config FILE, or --key KEY of a file to look at")
	case x.Proxy != "":
		return usageErrorf("--proxy %q says nothing without --config", x.Proxy)
	}
	mount := config.Mount{Path: cmp.Or(x.Mount, "/")}
	_, err := x.accelerator(&config.Config{Mounts: []config.Mount{mount}})
	return err
}

// chooseMount returns the mount of c that is looked at.
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
		if !ok || name == "" || strings.ContainsAny(line, "\r\n") || textproto.TrimString(name) != name {
			return nil, usageErrorf("--header %q; want NAME: VALUE, such as \"Cookie: session=1\"", name)
		}
		h.Add(name, textproto.TrimString(value))
	}
	return h, nil
}
