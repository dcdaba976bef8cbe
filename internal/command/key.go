package command

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// keyFile is the command "downloadview key".
type keyFile struct {
	New   newKey   `cmd:"" help:"Make a key file for signed links, or print a line of one."`
	Check checkKey `cmd:"" help:"Check a key file, and show what is in it without the keys."`
}

// Help is the long part of --help.
func (*keyFile) Help() string {
	return `A key file has one key a line: ID KEY [sign-from=TIME] [accept-until=TIME]. To replace a key, add a line with a sign-from once all machines have it, and an accept-until to the old one:

  downloadview key new /etc/downloadview/links.keys

  downloadview key new >> /etc/downloadview/links.keys

  downloadview key check /etc/downloadview/links.keys`
}

// newKey is the command "downloadview key new".
type newKey struct {
	File *string `arg:"" optional:"" help:"The key file to make, which only its owner can read. An existing file stays as it is, and is an error. Without FILE the line is printed."`
}

// Run makes the file.
func (n *newKey) Run(env *environment) error {
	line := newKeyLine()
	if n.File == nil {
		_, err := io.WriteString(env.stdout, line)
		return err
	}
	file := *n.File
	if file == "" { // more likely an unset variable in a script, whose output others may read
		return usageErrorf(`key new: FILE is ""; want the file to make, or no argument to print a line`)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and stays as it is: name another file, or add a key by downloadview key new >> FILE", file)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

// newKeyLine returns a line of a key file, with a new key.
func newKeyLine() string {
	var secret [32]byte
	rand.Read(secret[:]) // never fails

	// Two keys of one day differ, even of one second.
	id := time.Now().UTC().Format("20060102-") + strings.ToLower(rand.Text()[:6])
	return id + " " + base64.RawURLEncoding.EncodeToString(secret[:]) + "\n"
}

// checkKey is the command "downloadview key check".
type checkKey struct {
	File string `arg:"" help:"The key file, or the name of a credential of systemd."`
}

// Run prints a line for each key.
func (c *checkKey) Run(env *environment) error {
	keys, err := readKeys(c.File, "")
	if err != nil {
		return err
	}
	now := time.Now()
	signs := false
	for _, k := range keys.List(now) {
		state := "accepted"
		switch {
		case k.Signs:
			state = "signs"
			signs = true
		case !k.AcceptUntil.IsZero() && !now.Before(k.AcceptUntil):
			state = "over"
		}
		line := k.ID + " " + state
		if !k.SignFrom.IsZero() {
			line += " sign-from=" + k.SignFrom.Format(time.RFC3339)
		}
		if !k.AcceptUntil.IsZero() {
			line += " accept-until=" + k.AcceptUntil.Format(time.RFC3339)
		}
		if _, err := fmt.Fprintln(env.stdout, line); err != nil {
			return err
		}
	}
	if !signs {
		return fmt.Errorf("key file %s: no key signs now", c.File)
	}
	return nil
}
