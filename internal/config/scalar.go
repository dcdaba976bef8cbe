package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

// scalar returns a function that reads one value into to with parse. The error of
// parse continues a sentence that begins with the value: "%q has no unit; want …".
func scalar[T any](to *T, parse func(string) (T, error)) func(value) {
	return func(v value) {
		n, ok := v.resolved(yaml.ScalarNode, "want a single value")
		if !ok {
			return
		}
		got, err := parse(n.Value)
		if err != nil {
			v.errorf("%q %w", n.Value, err)
			return
		}
		*to = got
	}
}

// optional is scalar for a key whose absence differs from its zero value.
func optional[T any](to **T, parse func(string) (T, error)) func(value) {
	return func(v value) {
		before := len(v.d.errors)
		var got T
		scalar(&got, parse)(v)
		if len(v.d.errors) == before {
			*to = &got
		}
	}
}

// list is scalar for a list. A single value is read as a list of one.
func list[T any](to *[]T, want string, parse func(string) (T, error)) func(value) {
	return func(v value) {
		elements := v.elements("want " + want)
		if n := v.target(); n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			v.errorf("is an empty list; want %s, or the key left out", want)
		}
		for _, e := range elements {
			var one T
			scalar(&one, parse)(e)
			*to = append(*to, one)
		}
	}
}

func boolean(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("is not a boolean; want true or false")
}

// duration reads a duration as [time.ParseDuration] does, but not a negative one.
func duration(s string) (time.Duration, error) {
	const want = "want a duration such as 30s or 5m"
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && isNumber(s):
		return 0, errors.New("has no unit; " + want)
	case err != nil:
		return 0, errors.New("is not a duration; " + want)
	case d < 0:
		return 0, errors.New("is negative; " + want)
	}
	return d, nil
}

// bound is duration without 0, which Limits would take for the default.
func bound(s string) (time.Duration, error) {
	d, err := duration(s)
	if err == nil && d == 0 {
		return 0, errors.New("is zero; want a longer duration, or no key for the default")
	}
	return d, err
}

// headerSize is size within the bounds that a server works with.
func headerSize(s string) (int64, error) {
	n, err := size(s)
	if err == nil && (n < 4<<10 || n > 1<<20) {
		return 0, errors.New("is not between 4KiB and 1MiB")
	}
	return n, err
}

// seconds is duration for values that servers take in whole seconds.
func seconds(s string) (time.Duration, error) {
	d, err := duration(s)
	if err == nil && d%time.Second != 0 {
		return 0, errors.New("is not a number of whole seconds; want such as 30s or 5m")
	}
	return d, err
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

var units = map[string]int64{
	"": 1, "B": 1,
	"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// size reads a number of bytes: see [ParseSize].
func size(s string) (int64, error) {
	const want = "want a whole number and a unit, such as 10MB or 64KiB"
	digits := strings.TrimLeft(s, "0123456789")
	unit, known := units[strings.TrimPrefix(digits, " ")]
	n, err := strconv.ParseInt(s[:len(s)-len(digits)], 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && known && n > math.MaxInt64/unit:
		return 0, errors.New("is too large; want less than 8 EiB")
	case err != nil || strings.HasPrefix(digits, "."):
		return 0, errors.New("is not a size; " + want)
	case !known:
		return 0, fmt.Errorf("has the unit %q; want one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", strings.TrimPrefix(digits, " "))
	}
	return n * unit, nil
}

// positive is size without 0, which would be taken for the default.
func positive(s string) (int64, error) {
	n, err := size(s)
	if err == nil && n == 0 {
		return 0, errors.New("is zero; want more, or no key for the default")
	}
	return n, err
}

// rate is size without 0, which would be taken for no limit.
func rate(s string) (int64, error) {
	n, err := size(s)
	if err == nil && n == 0 {
		return 0, errors.New("is zero; want more, or no key for no limit")
	}
	return n, err
}

func count(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, errors.New("is not a whole number of at least 1")
	}
	return n, nil
}

// listen reads the address at which the application listens.
func (d *document) listen(s string) (string, error) {
	a, err := ParseAddress(s)
	if err != nil {
		return "", err
	}
	return d.socket(s, a)
}

// upstream reads the address at which a proxy finds the application.
func (d *document) upstream(s string) (string, error) {
	a, err := ParseAddress(s)
	switch {
	case err != nil:
		return "", err
	case a.Network == "systemd":
		return "", errors.New("is not an address at which a proxy finds the application; want HOST:PORT, or unix:PATH")
	case a.String() != s:
		return "", fmt.Errorf("has options, which belong to listen; want %s", a)
	}
	return d.socket(s, a)
}

// socket returns s, which is the text of a. The path of a socket becomes absolute: a
// relative one begins at the folder of the file.
func (d *document) socket(s string, a Address) (string, error) {
	if a.Network != "unix" {
		return s, nil
	}
	path := a.Name
	if !strings.HasPrefix(path, "@") && !strings.HasPrefix(path, "/") {
		var err error
		if path, err = d.path(a.Name); err != nil {
			return "", err
		}
	}
	if len(path) > site.LongestSocket {
		return "", fmt.Errorf("has the path of a socket of %d bytes; want one of %d at most", len(path), site.LongestSocket)
	}
	return "unix:" + path + strings.TrimPrefix(s, "unix:"+a.Name), nil
}

func hostPort(s string) (string, error) {
	const want = "want HOST:PORT such as 127.0.0.1:8080"
	_, port, err := net.SplitHostPort(s)
	if err != nil || strings.HasPrefix(s, "unix:") {
		return "", errors.New("is not an address; " + want)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("has the port %q, which is not a number from 0 to 65535; %s", port, want)
	}
	return s, nil
}

// peer reads an address, a network or "unix", from which requests may come.
func peer(s string) (string, error) {
	if s == "unix" {
		return s, nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		if m := p.Masked(); m != p {
			return "", fmt.Errorf("is an address with the length of a network; want the network %s, or the address alone", m)
		}
		return s, nil
	}
	if _, err := netip.ParseAddr(s); err != nil {
		return "", errors.New("is not an address; want one such as 127.0.0.1, a network such as 10.0.0.0/8, or unix")
	}
	return s, nil
}

// resolver reads the address of a name server, with or without a port.
func resolver(s string) (string, error) {
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return s, nil
	}
	if _, err := netip.ParseAddrPort(s); err != nil {
		return "", errors.New("is not the address of a name server; want one such as 127.0.0.53 or [::1]:5353")
	}
	return s, nil
}

// name returns a function that reads one of names, and returns its value.
func name[T any](names []string, values map[string]T) func(string) (T, error) {
	return func(s string) (T, error) {
		v, ok := values[s]
		if !ok {
			return v, errors.New("is unknown; " + suggestion(s, names))
		}
		return v, nil
	}
}

// line reads a text of one line, such as the value of a header field.
func line(s string) (string, error) {
	switch {
	case strings.TrimSpace(s) == "":
		return "", errors.New("is empty; leave the key out for the default")
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", errors.New("has a control character in it")
	}
	return s, nil
}
