package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An Address is an address to listen at: of TCP, or a socket of Unix.
type Address struct {
	Network string // "tcp", "unix", or "systemd" for a socket that systemd passes
	Name    string // HOST:PORT, the path of the socket, or its name, "" for the only one

	// Mode is the permissions of the socket; 0 leaves them to the umask.
	Mode fs.FileMode

	// Group is the name or the number of the socket's group; "" leaves it to
	// the system.
	Group string
}

// ParseAddress reads HOST:PORT, unix:PATH, systemd or systemd:NAME. Options may follow PATH, as in
// unix:PATH?mode=0660&group=www-data. With a group and no mode, the mode is 0660.
// The error continues a sentence that begins with s.
func ParseAddress(s string) (Address, error) {
	if name, ok := strings.CutPrefix(s, "systemd"); ok && (name == "" || name[0] == ':') {
		return activated(name)
	}
	rest, ok := strings.CutPrefix(s, "unix:")
	if !ok {
		if _, err := hostPort(s); err != nil {
			return Address{}, fmt.Errorf("%w, or unix:PATH", err)
		}
		return Address{Network: "tcp", Name: s}, nil
	}
	path, options, given := strings.Cut(rest, "?")
	a := Address{Network: "unix", Name: path}
	switch {
	case path == "":
		return Address{}, errors.New("has no path; want such as unix:/run/downloadview.sock")
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Address{}, errors.New("has a control character in it")
	case given:
		if err := a.readOptions(options); err != nil {
			return Address{}, err
		}
	}
	if err := CheckExpanded(path); err != nil {
		return Address{}, err
	}
	return a, nil
}

// activated reads what follows "systemd".
func activated(s string) (Address, error) {
	const want = "want systemd, or systemd:NAME with a FileDescriptorName of the socket unit"
	switch {
	case s == ":":
		return Address{}, errors.New("has no name; " + want)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || strings.Contains(s[min(1, len(s)):], ":"):
		return Address{}, errors.New("has a name that no socket can have; " + want)
	}
	return Address{Network: "systemd", Name: strings.TrimPrefix(s, ":")}, nil
}

var socketOptions = []string{"mode", "group"}

func (a *Address) readOptions(options string) error {
	const want = "want such as unix:/run/downloadview.sock?mode=0660&group=www-data"
	values, err := url.ParseQuery(options)
	if err != nil || options == "" {
		return fmt.Errorf("has the options %q; %s", options, want)
	}
	for name, all := range values {
		switch {
		case !slices.Contains(socketOptions, name):
			return fmt.Errorf("has an unknown option %q; %s", name, suggestion(name, socketOptions))
		case len(all) > 1:
			return fmt.Errorf("has the option %q twice; want one", name)
		case all[0] == "":
			return fmt.Errorf("has an empty option %q; %s", name, want)
		}
	}
	if strings.HasPrefix(a.Name, "@") {
		return errors.New("is an abstract socket, which has no mode and no group; want no options, or the path of a file")
	}
	a.Group = values.Get("group")
	mode := values.Get("mode")
	if mode == "" {
		a.Mode = 0o660
		return nil
	}
	n, err := strconv.ParseUint(mode, 8, 32)
	switch {
	case err != nil || n > 0o777:
		return fmt.Errorf("has the mode %q; want an octal number from 0 to 0777, such as 0660", mode)
	case n&0o222 == 0:
		return fmt.Errorf("has the mode %q, which lets nobody connect, since connecting needs the permission to write; want such as 0660", mode)
	case a.Group != "" && n&0o020 == 0:
		return fmt.Errorf("has the mode %q, which doesn't let the group %q connect, since connecting needs the permission to write; want such as 0660", mode, a.Group)
	}
	a.Mode = fs.FileMode(n)
	return nil
}

// String returns the address without options. An address of TCP or a socket stands so in
// the configuration of a proxy.
func (a Address) String() string {
	switch {
	case a.Network == "unix":
		return "unix:" + a.Name
	case a.Network == "systemd" && a.Name == "":
		return a.Network
	case a.Network == "systemd":
		return a.Network + ":" + a.Name
	}
	return a.Name
}
