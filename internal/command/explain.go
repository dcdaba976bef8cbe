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
	Storage string   `arg:"" help:"A directory or the URL of a bucket, as serve has it. Left out where --config has storages."`
	Key     []string `arg:"" optional:"" help:"What is asked for: the key of a file, or with --config the path of the URL, such as /media/report.pdf; not percent-encoded."`

	JSON  bool   `help:"Print an object in a line for each KEY. Default: text for people."`
	Proxy string `placeholder:"NAME" help:"As asked by this proxy of the file. Default: by the first with a rule for what is asked for."`
	downloadFlags

	// Those that serve has beside, so that its command line can be taken as it is.
	Listen string        `hidden:""`
	Index  bool          `hidden:""`
	Grace  time.Duration `hidden:""`
}

// Help is the long part of --help.
func (*explain) Help() string {
	return `The flags are those of serve, which those may be left in that have no say here, --listen and --grace. What is shown is a GET that comes from the proxy: where the file lives, the rule that covers it, who sends the bytes (stream: this process, offload: the proxy, redirect: the store), the status and the header. The file is opened where serve would look at it, and none of it is sent; signed URLs are cut before their signature.

The exit status is 0, or 1 where a KEY would be answered by an error such as 404, and 2 when the command line is wrong.

Examples:

  downloadview explain --accel nginx --rule /srv/media=/_media/ \
      /srv/media "2026/annual report.pdf"

  downloadview explain --config downloadview.yaml --json /media/a.pdf /media/b.pdf`
}

// Run explains each key on stdout.
func (e *explain) Run(ctx context.Context, env *environment) error {
	s := &serve{downloadFlags: e.downloadFlags, Storage: &e.Storage}
	keys := e.Key
	c, err := s.file(config.Read)
	switch {
	case err != nil:
		return err
	case len(c.Storages) > 0:
		s.Storage, keys = nil, slices.Concat([]string{e.Storage}, e.Key)
	case len(keys) == 0:
		return usageErrorf("explain: no KEY behind STORAGE %q; want that of a file", e.Storage)
	}
	if err := s.complete(c); err != nil {
		return err
	}
	d, err := s.deliveryFor(c, e.Proxy)
	if err != nil {
		return err
	}
	storages, release, err := openStorages(ctx, c, env.open, slog.New(slog.NewTextHandler(env.stderr, nil)))
	if err != nil {
		return err
	}
	defer release()

	var failed []string
	for i, key := range keys {
		path := key
		if s.Storage != nil {
			path = "/" + key
		} else if !strings.HasPrefix(key, "/") {
			return usageErrorf("explain: %q is no path; want that of a URL, such as /media/report.pdf", key)
		}
		r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: make(http.Header)}).WithContext(ctx)
		x := doctor.Explain(viewOf(c, d, storages, path), r)
		if x.Key == "" {
			x.Key = key
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

// viewOf returns the view that answers for the path of a URL.
func viewOf(c *config.Config, d delivery, storages map[string]downloadview.Storage, path string) downloadview.View {
	m, ok := mountOf(c, path)
	if !ok {
		return nothing
	}
	return middleware.CleanNames(d.view(m, storages[m.Storage]))
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
