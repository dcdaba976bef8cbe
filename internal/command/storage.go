package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/wrapper"
	"github.com/downloadview/downloadview/storage/disk"
)

var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// openStorage opens the storage arg: a directory or, with open, a URL. The function
// that it returns releases the storage. name is that of the storage in the file.
func openStorage(ctx context.Context, arg string, open Opener, all *buckets, name string) (downloadview.Storage, func() error, error) {
	switch {
	case arg == "": // more likely an unset variable in a script than the current directory
		return nil, nil, usageErrorf(`STORAGE is ""; want a directory or a URL such as s3://bucket`)
	case !hasScheme.MatchString(arg):
		return openDirectory(arg, all.logger)
	}
	u, err := config.ParseURL(arg)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return nil, nil, usageErrorf("%q is not a URL: %w", arg, err)
	}
	if err := config.CheckParameters(u); err != nil {
		return nil, nil, usageErrorf("%q %w", shown(u), err)
	}
	storage, release, err := open(ctx, u, all.reach(name))
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", shown(u), err)
	}
	if u.Scheme == "file" {
		return fileBucket{wrapper.Storage{Inner: storage}}, release, nil
	}
	return all.bounded(storage, u), release, nil
}

// shown returns u without parameters that may be secrets, for errors.
func shown(u *url.URL) string {
	q := u.Query()
	for name := range q {
		if secretive.MatchString(name) {
			q[name] = []string{"xxxxx"}
		}
	}
	public := *u
	if q.Encode() != u.Query().Encode() {
		public.RawQuery = q.Encode()
	}
	text := public.Redacted()
	if strings.Contains(u.Host, "/") { // the ARN of an access point, of which package url escapes the slash
		text = strings.Replace(text, strings.ReplaceAll(u.Host, "/", "%2F"), u.Host, 1)
	}
	return text
}

var secretive = regexp.MustCompile(`(?i)secret|token|passw|credential|signature|access_?key|account_?key|^sig$`)

// followed is how soon a directory is opened again after its path leads to another
// one. Proxies follow the path at once.
const followed = 100 * time.Millisecond

// openDirectory opens the directory arg. It doesn't resolve links in the path, because
// the sources of rules don't either.
func openDirectory(arg string, logger *slog.Logger) (downloadview.Storage, func() error, error) {
	dir, err := filepath.Abs(arg)
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", arg, err)
	}
	// Opening anything but a directory, such as a pipe, might never return.
	switch fi, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%q: no such directory", arg)
	case err != nil:
		return nil, nil, directoryError(arg, err)
	case !fi.IsDir():
		return nil, nil, fmt.Errorf("%q is not a directory; want one, or a URL such as s3://bucket", arg)
	}
	storage, err := disk.Open(dir, &disk.Options{Follow: followed, Logger: logger})
	if err != nil {
		return nil, nil, directoryError(arg, err)
	}
	return storage, storage.Close, nil
}

func directoryError(arg string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("directory %q: %w", arg, err)
}
