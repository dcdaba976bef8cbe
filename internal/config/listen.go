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

// An Address is where to listen.
type Address struct {
	Network string // "tcp" or "unix"
	Name    string // HOST:PORT, or the path of the socket

	// Mode is the permissions of the socket; 0 leaves them to the umask.
	Mode fs.FileMode

	// Group is the name or the number of the socket's group; "" leaves it to
	// the system.
	Group string
}

// ParseAddress reads HOST:PORT or unix:PATH. Behind PATH there may be options,
// as in unix:PATH?mode=0660&group=www-data. A group without a mode gets 0660. The
// error goes on after s in quotes.
func ParseAddress(s string) (Address, error) {
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
	return a, CheckExpanded(path)
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
		return errors.New("has options, and an abstract socket, whose name begins with @, has neither mode nor group; want the path of a file, or no options")
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
		return fmt.Errorf("has the mode %q, with which nobody may connect: that takes the permission to write; want such as 0660", mode)
	case a.Group != "" && n&0o020 == 0:
		return fmt.Errorf("has the mode %q, with which the group %q may not connect: that takes the permission to write; want such as 0660", mode, a.Group)
	}
	a.Mode = fs.FileMode(n)
	return nil
}

// String returns the address without options, as a proxy is told it.
func (a Address) String() string {
	if a.Network == "unix" {
		return "unix:" + a.Name
	}
	return a.Name
}
