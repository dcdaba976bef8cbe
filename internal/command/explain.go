package command

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// explain is the command "downloadview explain".
type explain struct {
	Storage string   `arg:"" optional:"" help:"A directory or the URL of a bucket, as for serve. Leave it out if the --config file has storages, or with --link."`
	Key     []string `arg:"" optional:"" help:"The file that is requested: its key or, if the --config file has storages, the path of its URL, such as /media/report.pdf; not percent-encoded."`

	JSON  bool   `help:"Print one line with an object of JSON for each KEY. Default: text."`
	Proxy string `placeholder:"NAME" help:"Show the answer for this proxy of the file. Default: for the first proxy with a rule for the KEY."`
	downloadFlags

	Link    string `placeholder:"URL" group:"Signed links:" help:"Show what this signed link grants, and why it would be refused, in place of the answer for a KEY. Needs --key-file or --config."`
	Cookie  string `placeholder:"COOKIES" group:"Signed links:" help:"The value of the Cookie field that the client sends, for a --link whose permission is in a cookie. Default: none."`
	KeyFile string `placeholder:"FILE" group:"Signed links:" help:"The key file for --link, or the name of a credential of systemd. Default: that of the link's mount in the --config file."`
	Client  string `placeholder:"ADDR" group:"Signed links:" help:"The address of the client, for a --link that is limited to a network. Default: the network isn't checked."`

	// Flags of serve that have no effect here, but may be left in its command line.
	Listen string        `hidden:""`
	Index  bool          `hidden:""`
	Grace  time.Duration `hidden:""`

	RequireSignature bool   `hidden:""`
	TLSCert          string `hidden:"" name:"tls-cert"`
	TLSKey           string `hidden:"" name:"tls-key"`
	Links            string `hidden:""`

	StallTimeout   patience `hidden:""`
	Ledger         string   `hidden:""`
	Log            string   `hidden:""`
	LogLevel       string   `hidden:""`
	TrustedProxies []string `hidden:""`
	ProxyProtocol  bool     `hidden:""`
	Metrics        string   `hidden:""`
}

// Help is the long part of --help.
func (*explain) Help() string {
	return `The flags are those of serve, which may all be left in. Those that are not listed here have no effect: there are no pages of folders, and no links are required. The output is about a GET request from the proxy: where the file lives, the rule that covers it, how the bytes are sent (stream: by this process, offload: by the proxy, redirect: by the store), the status and the header. The file is opened if serve would open it, and none of it is sent. Signed URLs are cut before their signature. With --archive, a KEY such as "2026/?archive=zip" is the archive of a folder. If serve requires signed links, the answer is that to a request with one that is valid for a day.

With --link, the output is about a signed link: what it grants, until when, and why it would be refused. If the link is not genuine, nothing in it is shown, since anybody can have made it. Whether the downloads of a link with a number of them are used up is known to the server only. The output has no part of the link's signature.

The exit status is 0, 1 if the answer for a KEY is an error such as 404 or the link would be refused, and 2 if the command line is wrong.

Examples:

  downloadview explain --accel nginx --rule /srv/media=/_media/ \
      /srv/media "2026/annual report.pdf"

  downloadview explain --config downloadview.yaml --json /media/a.pdf /media/b.pdf

  downloadview explain --key-file links.keys --client 192.0.2.7 \
      --link "https://files.example.com/reports/q1.pdf?dv=1.2026..."`
}

// Run prints the explanation of each KEY on stdout.
func (e *explain) Run(ctx context.Context, env *environment) error {
	if e.Link != "" {
		return e.explainLink(env)
	}
	switch {
	case e.Client != "":
		return usageErrorf("--client %q has no effect without --link; want both", e.Client)
	case e.Cookie != "":
		return usageErrorf("--cookie has no effect without --link; want both")
	}
	for _, key := range slices.Concat([]string{e.Storage}, e.Key) {
		if isLink(key) {
			return usageErrorf("explain: %q is a signed link; want --link with it", key)
		}
	}
	s := &serve{downloadFlags: e.downloadFlags, Storage: &e.Storage}
	keys := e.Key
	c, err := s.file(config.Read)
	switch {
	case err != nil:
		return err
	case e.Storage == "":
		return usageErrorf("explain: expected STORAGE and KEY, or --link URL; see downloadview explain --help")
	case len(c.Storages) > 0:
		s.Storage, keys = nil, slices.Concat([]string{e.Storage}, e.Key)
	case len(keys) == 0:
		return usageErrorf("explain: no KEY after STORAGE %q; want the key of a file", e.Storage)
	}
	if err := s.complete(c); err != nil {
		return err
	}
	for i := range c.Mounts {
		c.Mounts[i].RequireSignature = c.Mounts[i].RequireSignature || e.RequireSignature
	}
	d, err := s.deliveryFor(c, e.Proxy)
	if err != nil {
		return err
	}
	storages, release, err := openStorages(ctx, c, env.open, nil, slog.New(slog.NewTextHandler(env.stderr, nil)))
	if err != nil {
		return err
	}
	defer release()
	lim, err := newLimits(c, nil)
	if err != nil {
		return err
	}

	var failed []string
	for i, key := range keys {
		path := key
		if s.Storage != nil {
			path = c.BasePath + "/" + key
		} else if !strings.HasPrefix(key, "/") {
			return usageErrorf("explain: %q is not a path; want the path of a URL, such as /media/report.pdf", key)
		}
		u := urlOfKey(c, path)
		r := (&http.Request{Method: http.MethodGet, URL: u, Header: make(http.Header)}).WithContext(ctx)
		v, r, err := viewOf(c, d, lim, storages, r)
		if err != nil {
			return err
		}
		x := doctor.Explain(v, r)
		if x.Key == "" {
			x.Key = key
		}
		if m, ok := mountOf(c, u.Path); x.Status >= http.StatusBadRequest && ok && m.RequireSignature {
			x.Header.Set("Referrer-Policy", "no-referrer") // as on all answers behind links
		}
		if err := e.write(env, i, x); err != nil {
			return err
		}
		if x.Status >= http.StatusBadRequest {
			failed = append(failed, fmt.Sprintf("%q would be answered %d %s", key, x.Status, http.StatusText(x.Status)))
		}
	}
	switch {
	case len(failed) == 0:
		return nil
	case len(keys) == 1:
		return fmt.Errorf("explain: %s", failed[0])
	}
	return fmt.Errorf("explain: %d of %d would fail; %s", len(failed), len(keys), failed[0])
}

// urlOfKey returns the URL of a path. If the mount has archives, the query for one may
// follow the path of a folder.
func urlOfKey(c *config.Config, path string) *url.URL {
	if at := strings.LastIndex(path, "/?archive="); at >= 0 {
		if m, ok := mountOf(c, path[:at+1]); ok && m.Archive {
			return &url.URL{Path: path[:at+1], RawQuery: path[at+2:]}
		}
	}
	return &url.URL{Path: path}
}

// viewOf returns the view that answers the request, and the request as the view gets it.
func viewOf(c *config.Config, d delivery, lim *limits, storages map[string]downloadview.Storage, r *http.Request) (downloadview.View, *http.Request, error) {
	m, ok := mountOf(c, r.URL.Path)
	switch {
	case ok:
	case slices.ContainsFunc(c.Mounts, func(m config.Mount) bool { return !m.RequireSignature }):
		return nothing, r, nil
	default:
		return elsewhere, r, nil
	}
	files := d.view(m, storages[m.Storage])
	own := lim.at(m)
	v := own.variants(files)
	if m.Archive {
		a, err := newArchives(files, m, c, nil)
		if err != nil {
			return nil, nil, usageErrorf("--archive: %w", err)
		}
		if _, ok := a.asked(r); ok {
			v = a
		}
	}
	v = own.view(v)
	if m.RequireSignature {
		return linked(v, r)
	}
	return v, r, nil
}

// linked returns v as it answers behind links, which change the policy for caches, for one, and
// r with a link for a day. The link is of a key of its own, since that of the server may not
// be here.
func linked(v downloadview.View, r *http.Request) (downloadview.View, *http.Request, error) {
	keys, err := middleware.ParseKeys("", []byte(newKeyLine()))
	if err != nil {
		return nil, nil, err
	}
	links := middleware.NewLinks(keys, nil)
	cookie, err := links.Cookie("/", middleware.Grant{Expires: time.Now().Add(24 * time.Hour)})
	if err != nil {
		return nil, nil, err
	}
	r.AddCookie(cookie)
	r.URL.RawPath = strings.ReplaceAll(r.URL.EscapedPath(), ";", "%3B") // as in all links
	if strings.HasSuffix(r.URL.Path, "/") {
		r = (&guarded{links: links}).withPage(r)
	}
	return links.View(v), r, nil
}

func (e *explain) write(env *environment, i int, x doctor.Explanation) error {
	if e.JSON {
		return writeJSON(env.stdout, x, "")
	}
	if i > 0 {
		fmt.Fprintln(env.stdout)
	}
	return x.WriteText(env.stdout)
}
