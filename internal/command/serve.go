package command

import (
	"context"
	"fmt"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
)

// serve is the command "downloadview serve". Its tags are what --help says.
type serve struct {
	Storage *string `arg:"" optional:"" help:"A directory, or the URL of a bucket: ${schemes}. May be left out where --config has storages."`

	Listen string `placeholder:"ADDR" help:"Where to listen: HOST:PORT (port 0 takes a free one, no host means every address), or unix:PATH for a socket. Behind PATH there may be its permissions and its group, as in unix:PATH?mode=0660&group=www-data; without them the umask decides who may connect. Default: 127.0.0.1:8080."`

	downloadFlags
	logFlags

	Index        bool     `help:"Show a page with its files for a folder. Default: a folder is 404."`
	StallTimeout patience `placeholder:"DURATION" help:"How long a client may take nothing of its download, or send nothing of its request's body, before it is let go. A download that goes on, however slowly, may take any time. Default: 60s."`

	Grace *time.Duration `placeholder:"DURATION" help:"How long downloads may go on after SIGTERM or SIGINT, such as 90s or 5m, before they are cut. A second signal cuts them at once. Default: 30s."`
}

// downloadFlags are those that decide about a download.
type downloadFlags struct {
	Config    string   `placeholder:"FILE" help:"Take the rest from a YAML file, and more: several storages, proxies, rules with options. SIGHUP has its rules read again. Flags win over what is in it. Default: none."`
	Inline    bool     `help:"Let browsers show what they can, HTML and SVG included (sandboxed), instead of saving it. Default: everything is saved."`
	MimeTypes string   `placeholder:"FILE" help:"Media types by extension, in a file such as /etc/mime.types: a type in each line, and behind it its extensions. They come before the built-in ones, and after what a bucket has stored. Default: the built-in ones alone."`
	Hidden    bool     `help:"Serve and list names of a directory that begin with a dot, such as .env and .git/config. Default: they are 404."`
	LimitRate byteSize `placeholder:"SIZE" help:"How much of each download may go out in a second, such as 1MB or 512KiB. Of the proxies nginx can be told; others aren't handed anything then. Default: as fast as it goes."`
	behindProxy
	bucketFlags `group:"Buckets:"`
}

// Help is the long part of --help.
func (*serve) Help() string {
	return `The path of the URL is the key of the file, decoded once; the query is ignored, but by the pages of folders, whose links sort by it and lead through 1,000 rows at a time (?all: all in one). Only regular files are served; symbolic links work where they are relative and stay inside the directory. Names are as they are; those that begin with a dot are served with --hidden alone. A path that isn't clean, such as /./a or //a, leads to the same file as /a. A download is saved under a name that every system can have: letters with marks composed (NFC), without invisible characters, "-" for characters that Windows refuses, "_" before names such as CON.

A directory whose path leads elsewhere by now, since a link in it was switched or something was mounted there, is opened again within a tenth of a second, and at once on SIGHUP.

In a bucket both are keys as any other, but for a file:// URL, which is a directory whose names with a dot are not served either. A bucket is asked with the credentials of the environment, and not before the first download. Keys with "../" in them are 404. docs/buckets.md has the parameters of its URL and what is answered when its store fails.

"listening on http://..." on stderr says that connections are accepted; after it comes one line for each request. The exit status is 0 after a signal, 1 when something failed and 2 when the command line is wrong.

Examples:

  downloadview serve --index /srv/media

  downloadview serve --listen "unix:/run/media.sock?group=www-data" \
      --accel nginx --rule /srv/media=/_media/ /srv/media

  downloadview serve --accel apache --rule /srv/media=/mnt/media /srv/media

  downloadview serve "s3://reports?region=eu-central-1"

  downloadview serve "gs://reports?prefix=2026/"

  downloadview serve --config downloadview.yaml

The first shows folders to a browser at http://127.0.0.1:8080/. The second is asked by nginx on a socket, decides, and lets nginx send the files from the internal location /_media/; "downloadview config nginx" prints what nginx is to be told. The third hands over to an Apache on a machine that has the same files in /mnt/media. The next two serve a bucket with the credentials of the environment. What the file of the last may say is told by docs/config.md.`
}

// Run serves until a signal comes or ctx is done.
func (s *serve) Run(ctx context.Context, env *environment) error {
	c, err := s.settings()
	if err != nil {
		return err
	}
	addr, err := parseAddress(c.Listen)
	if err != nil {
		return err
	}
	d, err := s.delivery(c)
	if err != nil {
		return err
	}
	logs, err := openLogs(c, env.stderr)
	if err != nil {
		return err
	}
	logger := logs.logger
	s.warnShadowed(c, logger)
	s.warnOfFile(c, env.checks, logger)
	storages, release, err := openStorages(ctx, c, env.open, logger)
	if err != nil {
		return err
	}
	defer release()
	opened := directories(storages)
	heard := s.hears(opened)
	defer logs.guard(heard...)()

	handler, err := mountAll(c, storages, d, logs.access)
	if err != nil {
		return err
	}
	ln, err := listenAt(addr)
	if err != nil {
		return err
	}
	srv := newServer(doctor.Witness(handler), logger)
	srv.limit(&c.Limits)
	ln = downloadview.EndStalled(ln, c.Limits.Stall)
	srv.http.RegisterOnShutdown(logs.lines.stopWaiting)
	if len(heard) > 0 {
		rules, _ := d.offloader.(*offloads) // else they are those of --rule
		r := &reloader{serve: s, checks: env.checks, running: c, rules: rules, directories: opened, logger: logger}
		defer r.start()()
	}
	defer floorHeap()()
	return srv.run(ctx, ln, *c.Grace, func() {
		fmt.Fprintf(env.stderr, "listening on %s\n", urlOf(addr, ln))
		if flag := s.unlimited(c); flag != "" && isExposed(ln.Addr()) {
			logger.Warn("clients that connect to this address directly get empty files and see internal locations; set "+flag+" to the proxy's address", "listen", c.Listen)
		}
	})
}
