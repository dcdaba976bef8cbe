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

// readKeys reads the key file name, as findFile finds it.
func readKeys(name, folder string) (*middleware.Keys, error) {
	return findFile(name, folder, middleware.ReadKeys)
}

// isCredential reports whether findFile finds name among the credentials of systemd, which
// are copies.
func isCredential(name string) bool {
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	if credentials == "" || name != filepath.Base(name) {
		return false
	}
	_, err := os.Lstat(filepath.Join(credentials, name))
	return err == nil
}

// copied is the end of a message about a credential that was read again.
const copied = ", from the copy that systemd made when the service started; after a change of the file, restart the service"

// findFile reads the file name: a path, or the name of a credential of systemd. A
// relative path begins at folder. An error doesn't name the flag or the key of a file
// that name comes from.
//
// A name without a slash is looked for among the credentials first, and then in folder,
// so that a file that somebody puts into folder isn't taken for the credential.
func findFile[T any](name, folder string, read func(path string) (T, error)) (T, error) {
	var none T
	if err := config.CheckKeyFile(name); err != nil {
		return none, usageErrorf("%q %w", name, err)
	}
	path := name
	if !filepath.IsAbs(path) && folder != "" {
		path = filepath.Join(folder, path)
	}
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	isName := name == filepath.Base(name)
	if isName && credentials != "" {
		found, err := read(filepath.Join(credentials, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return found, err
		}
	}
	found, err := read(path)
	if !errors.Is(err, fs.ErrNotExist) || !isName {
		return found, err
	}
	if credentials == "" {
		return none, fmt.Errorf("%w; nor can it be a credential of systemd, since $CREDENTIALS_DIRECTORY is not set", err)
	}
	return none, fmt.Errorf("%w; nor is it a credential of systemd in %s", err, credentials)
}
