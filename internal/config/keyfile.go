package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// CheckKeyFile is [CheckExpanded] for the place of a key file, and says how a credential
// of systemd is named. The error continues a sentence that begins with s.
func CheckKeyFile(s string) error {
	for _, variable := range []string{"$CREDENTIALS_DIRECTORY/", "${CREDENTIALS_DIRECTORY}/"} {
		if name, ok := strings.CutPrefix(s, variable); ok {
			return fmt.Errorf("has a variable in it, and variables of the environment are not expanded; want the name of the credential alone, %s", name)
		}
	}
	return CheckExpanded(s)
}

// keyFile reads the place of a key file. A name without a slash stays as it is, since
// it may be that of a credential of systemd; see [Config.Folder].
func (d *document) keyFile(s string) (string, error) {
	if err := CheckKeyFile(s); err != nil {
		return "", err
	}
	path, err := d.path(s)
	if err == nil && s == filepath.Base(s) {
		return s, nil
	}
	return path, err
}

// Folder returns the folder at which relative paths of the file begin, "" without a
// file.
func (c *Config) Folder() string {
	if c.File == "" {
		return ""
	}
	return filepath.Dir(c.File)
}

// sign completes RequireSignature and KeyFile of m, whose value is v. own is nil if m
// doesn't have the key require_signature.
func (m *Mount) sign(v value, own *bool, rest *mountDefaults) {
	m.RequireSignature = rest.signed
	if own != nil {
		m.RequireSignature = *own
	}
	if err := m.CheckSigned(); err != nil {
		v.errorf("%w", err)
	}
	switch {
	case !m.RequireSignature && m.KeyFile != "":
		v.errorf("key_file %q has no effect without require_signature: true; want both, or neither", m.KeyFile)
	case m.RequireSignature && m.KeyFile == "" && rest.keyFile == "":
		v.errorf("require_signature " + needsKeyFile)
	case m.RequireSignature && m.KeyFile == "":
		m.KeyFile = rest.keyFile
	}
}

// checkSigned adds errors to v, the whole file, if its require_signature, key_file or
// links is that of no mount, or if the only storage's mount has no key file.
func (c *Config) checkSigned(v value, rest *mountDefaults) {
	errorf := func(key, format string, args ...any) {
		v.d.errorf(v.child(key).Line, key, format, args...)
	}
	switch {
	case rest.signed && len(c.Storages) == 0:
		errorf("require_signature", "has no effect, since the file has no storages; want storages in it, or serve --require-signature")
		return
	case rest.signed && rest.keyFile == "" && !v.has("mounts"):
		errorf("require_signature", needsKeyFile)
		return
	}
	if rest.keyFile != "" && !slices.ContainsFunc(c.Mounts, func(m Mount) bool { return m.KeyFile == rest.keyFile }) {
		errorf("key_file", "%q is the key file of no mount; want require_signature: true for one, or no key_file", rest.keyFile)
	}
	if c.Links != "" && !slices.ContainsFunc(c.Mounts, func(m Mount) bool { return m.RequireSignature }) {
		errorf("links", "%q has no effect, since no mount has require_signature: true; want both, or neither", ShownStore(c.Links))
	}
}

const needsKeyFile = `needs key_file, the file that "downloadview key new FILE" makes; want both`
