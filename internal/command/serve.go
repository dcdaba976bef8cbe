package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
)

// serve is the command "downloadview serve". --help prints the texts of its tags.
type serve struct {
	Storage *string `arg:"" optional:"" help:"A directory, or the URL of a bucket: ${schemes}. Leave it out if the --config file has storages."`

	Listen string `placeholder:"ADDR" help:"Where to listen: HOST:PORT (port 0 means a free port, no host means every address), unix:PATH for a socket, or systemd (or systemd:NAME) for the socket that systemd passes. Permissions and a group may follow PATH, as in unix:PATH?mode=0660&group=www-data; without them the umask decides which users may connect. Default: 127.0.0.1:8080."`

	downloadFlags
	linkFlags
	ledgerFlags
	logFlags
	tlsFlags
	metricsFlags

	Index        bool     `help:"Show a page for each folder, which lists its files. Default: a folder is 404."`
	StallTimeout patience `placeholder:"DURATION" help:"How long a client may read nothing of its download, or send nothing of its request's body, before its connection is closed. A download that makes progress, however slow, may take any time. Default: 60s."`

	Grace *time.Duration `placeholder:"DURATION" help:"How long downloads may continue after SIGTERM or SIGINT, such as 90s or 5m, before they are cut off. A second signal cuts them off at once. Default: 30s."`
}

// downloadFlags are the flags that decide how a download is answered.
type downloadFlags struct {
	Config    string   `placeholder:"FILE" help:"Read settings from a YAML file, which may have several storages, proxies, and rules with options. Flags win over the file. SIGHUP reads its proxies, its rules and which links it needs again. Default: none."`
	BasePath  string   `placeholder:"PATH" help:"Serve everything below this path, such as /media: that at which a proxy passes requests on. It is a part of each URL, also of those that are signed. Other paths are 404. Default: /."`
	Inline    bool     `help:"Let browsers show the files that they can show, HTML and SVG included (sandboxed), instead of saving them. Default: every file is saved."`
	MimeTypes string   `placeholder:"FILE" help:"A file of media types such as /etc/mime.types: each line has a type, followed by its extensions. They win over the built-in types; a type that a bucket stores with an object wins over both. Default: the built-in types alone."`
	Hidden    bool     `help:"Serve and list names of a directory that begin with a dot, such as .env and .git/config. Default: they are 404."`
	LimitRate byteSize `placeholder:"SIZE" help:"The most bytes of each download that are sent in a second, such as 1MB or 512KiB. Of the proxies, nginx alone can limit the rate; with another proxy, files are then streamed. Default: no limit."`

	Precompressed bool `help:"Send a.css.br, a.css.zst or a.css.gz in place of a.css to clients that accept that content coding, if the file is there, is smaller and isn't older. Default: every file is sent as it is."`

	behindProxy
	archiveFlags
	limitFlags
	bucketFlags `group:"Buckets:"`
}

// Help is the long part of --help.
func (*serve) Help() string {
	return `The path of the URL is the key of the file, decoded once. The query is ignored, except on the pages of folders, which sort by it and show 1,000 rows at a time (all rows with ?all), and for archives (--archive). Only regular files are served. Symbolic links work if they are relative and stay inside the directory. Names are compared byte for byte. Names that begin with a dot are served only with --hidden. A path such as /./a or //a leads to the same file as /a. Each download is saved under a name that every system allows: accents are composed (NFC), invisible characters are removed, "-" replaces characters that Windows refuses, and "_" precedes names such as CON.

If the path of the directory leads to another directory later, because a link was switched or something was mounted there, that directory is opened within a tenth of a second, or at once on SIGHUP.

With --require-signature, a request without a signed link is 403, whatever its path; only the log says why. docs/links.md explains how to make links, and how to replace keys.

In a bucket, a name that begins with a dot is a key as any other, and so is a path such as //a; only a file:// URL needs --hidden as a directory does. The credentials for a bucket come from the environment, and its store gets no request before the first download. Keys with "../" are 404. docs/buckets.md lists the parameters of the URL, and the answers when the store fails.

The line "listening on http://..." (or https://...) on stderr means that connections are accepted. After it, the log has one line for each request. The exit status is 0 after a signal, 1 after a failure, and 2 if the command line is wrong.

Examples:

  downloadview serve --index /srv/media

  downloadview serve --listen "unix:/run/media.sock?group=www-data" \
      --accel nginx --rule /srv/media=/_media/ /srv/media

  downloadview serve --accel apache --rule /srv/media=/mnt/media /srv/media

  downloadview serve "s3://reports?region=eu-central-1"

  downloadview serve "gs://reports?prefix=2026/"

  downloadview serve --require-signature --key-file links.keys /srv/media

  downloadview serve --config downloadview.yaml

The first example shows folders to a browser at http://127.0.0.1:8080/. The second gets requests from nginx on a socket, decides about them, and lets nginx send the files from the internal location /_media/; "downloadview config nginx" prints the configuration of nginx. The third hands over to an Apache on a machine that has the same files in /mnt/media. The next two serve a bucket with the credentials of the environment. The one after them needs a link for each file, such as "downloadview sign" prints. docs/config.md describes the file of the last.`
}

// Run serves until a signal comes or ctx is done.
func (s *serve) Run(ctx context.Context, env *environment) error {
	outliveReaders()
	hangups := hearHangups()
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
	seen, err := openTelemetry(ctx, c.Metrics, logger)
	if err != nil {
		return err
	}
	defer seen.close()
	logs.access.seen = seen
	book, err := openBook(c, logs.access)
	if err != nil {
		return err
	}
	defer book.close(context.Background()) // if it doesn't come as far as to serve; nothing waits then
	leases, releaseLeases, err := leasesOf(c, seen.leasesOptions())
	if err != nil {
		return err
	}
	defer releaseLeases()
	gates, err := s.openGates(c, leases, logs.access)
	if err != nil {
		return err
	}
	s.warnShadowed(c, logger)
	s.warnOfFile(c, env.checks, logger)
	storages, release, err := openStorages(ctx, c, env.open, seen, logger)
	if err != nil {
		return err
	}
	defer release()
	opened := directories(storages)
	heard := s.hears(c, opened, gates)
	defer logs.guard(heard...)()
	if len(heard) == 0 {
		dontHear(hangups)
	}

	lim, err := newLimits(c, logs.access)
	if err != nil {
		return err
	}
	handler, err := mountAll(c, storages, d, lim, gates)
	if err != nil {
		return err
	}
	s.warnOfSharedRates(c, logger)
	cert := certificateOf(c)
	if cert != nil {
		if err := cert.load(logger); err != nil {
			return err
		}
	}
	warnOfUnused(addr, logger)
	ln, err := listenAt(addr)
	if err != nil {
		return err
	}
	parking := downloadview.NewParking(nil)
	srv := newServer(seen.around(doctor.Witness(book.around(parking.Handler(handler)))), parking, logger)
	srv.limit(&c.Limits)
	if cert != nil {
		srv.http.TLSConfig = cert.config()
	}
	if c.Limits.LeastRate > 0 {
		ln = downloadview.EndSlow(ln, c.Limits.Stall, c.Limits.LeastRate)
	} else {
		ln = downloadview.EndStalled(ln, c.Limits.Stall)
	}
	if c.ProxyProtocol {
		ln = &proxiedListener{Listener: ln, clients: lim.clients, timeout: srv.http.ReadHeaderTimeout, logger: logger}
	}
	systemd := &notifier{logger: logger}
	srv.stop = func() { systemd.stopping(*c.Grace) }
	if dog := newWatchdog(ln, systemd, logger); dog != nil {
		dog.prepare(srv.http)
		ln, srv.stop = dog.listener, func() { dog.drain(); systemd.stopping(*c.Grace) }
		defer dog.start()()
	}
	srv.http.RegisterOnShutdown(logs.lines.stopWaiting)
	if len(heard) > 0 {
		rules, _ := d.offloader.(*offloads) // nil: the rules come from --rule
		r := &reloader{serve: s, checks: env.checks, running: c, signed: c, rules: rules, gates: gates, limits: lim, directories: opened, cert: cert, notifier: systemd, logger: logger, hangups: hangups, addr: ln.Addr()}
		defer r.start()()
	}
	defer limitGarbage()()
	metricsAt := ""
	if c.Metrics != "" {
		ready := &readiness{storages: storages, gates: gates, stopping: srv.stopping, logger: logger}
		m, err := listenForMetrics(c.Metrics, seen, ready, logger)
		if err != nil {
			return errors.Join(err, ln.Close())
		}
		defer m.start()()
		metricsAt = m.url
	}
	var end time.Time // of the grace
	stop := srv.stop
	srv.stop = func() {
		end = time.Now().Add(*c.Grace)
		stop()
	}
	defer func() {
		rest, cancel := srv.untilSignal(max(time.Until(end), leastFlush))
		defer cancel()
		book.close(rest)
	}()
	return srv.run(ctx, ln, *c.Grace, func() {
		url := urlOf(schemeOf(c), addr, ln)
		fmt.Fprintf(logs.lines, "listening on %s\n", url) // the program that reads stderr may hang
		if metricsAt != "" {
			fmt.Fprintf(logs.lines, "metrics on %s\n", metricsAt)
		}
		systemd.ready(url)
		warnOfOpenFiles(c, logger)
		if ln.Addr().Network() == "unix" && len(gates.verifier) > 0 && !slices.Contains(c.TrustedProxies, "unix") {
			logger.Warn("clients on the socket have no address, so links with a network or a number of downloads are refused; set --trusted-proxies unix", "listen", c.Listen)
		}
		s.warnExposed(c, ln.Addr(), logger)
	})
}
