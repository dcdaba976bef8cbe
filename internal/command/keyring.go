package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// readKeys reads the key file name: a path, or the name of a credential of systemd. A
// relative path begins at folder. An error doesn't name the flag or the key of a file
// that name comes from.
//
// A name without a slash is looked for among the credentials first, and then in folder,
// so that a file that somebody puts into folder isn't taken for the credential.
func readKeys(name, folder string) (*middleware.Keys, error) {
	if err := config.CheckKeyFile(name); err != nil {
		return nil, usageErrorf("%q %w", name, err)
	}
	path := name
	if !filepath.IsAbs(path) && folder != "" {
		path = filepath.Join(folder, path)
	}
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	isName := name == filepath.Base(name)
	if isName && credentials != "" {
		keys, err := middleware.ReadKeys(filepath.Join(credentials, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return keys, err
		}
	}
	keys, err := middleware.ReadKeys(path)
	if !errors.Is(err, fs.ErrNotExist) || !isName {
		return keys, err
	}
	if credentials == "" {
		return nil, fmt.Errorf("%w; nor can it be a credential of systemd, since $CREDENTIALS_DIRECTORY is not set", err)
	}
	return nil, fmt.Errorf("%w; nor is it a credential of systemd in %s", err, credentials)
}
