package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// stallTimeout is the default of --stall-timeout.
const stallTimeout = time.Minute

// settings returns the settings of the flags and the file, with defaults for the rest.
func (s *serve) settings() (*config.Config, error) {
	c, err := s.file(config.Read)
	if err != nil {
		return nil, err
	}
	return c, s.complete(c)
}

// file returns the settings of the file alone, or none without --config. It calls read
// once, since the file may be a pipe.
func (s *serve) file(read func(string) (*config.Config, error)) (*config.Config, error) {
	if s.Config == "" {
		return new(config.Config), nil
	}
	return checkedConfig(s.Config, read)
}

// complete adds the flags and the defaults to c, the settings of the file.
func (s *serve) complete(c *config.Config) error {
	if s.Grace != nil && *s.Grace < 0 {
		return usageErrorf("--grace %v is negative; want a duration such as 30s", *s.Grace)
	}
	switch {
	case s.Storage == nil && s.Config == "":
		return usageErrorf("expected STORAGE or --config FILE; see downloadview serve --help")
	case s.Storage == nil && len(c.Storages) == 0:
		return usageErrorf("--config %s has no storages; want storages in it, or the argument STORAGE", s.Config)
	case s.Storage != nil && len(c.Storages) > 0:
		return usageErrorf("got both STORAGE %q and the storages of --config %s; want one of them", *s.Storage, s.Config)
	case len(c.Rules) > 0 && (s.Accel != "" || len(s.Rule) > 0):
		return usageErrorf("got both --accel or --rule and the rules of --config %s; want one of them", s.Config)
	case len(c.Storages) == 0:
		c.Storages = []config.Storage{{URL: *s.Storage}}
		c.Mounts = []config.Mount{{Path: c.BasePath + "/"}}
	}
	if err := setBasePath(c, s.BasePath); err != nil {
		return err
	}
	if s.Listen != "" {
		c.Listen = s.Listen
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if s.Grace != nil {
		c.Grace = s.Grace
	}
	if c.Grace == nil {
		grace := 30 * time.Second
		c.Grace = &grace
	}
	s.limitFlags.apply(&c.Limits)
	c.Limits.Stall = cmp.Or(time.Duration(s.StallTimeout), c.Limits.Stall, stallTimeout)
	c.Blind = c.Blind || s.Blind
	if s.MimeTypes != "" {
		c.MimeTypes, c.MimeTypesLine = s.MimeTypes, 0
	}
	for i := range c.Mounts {
		c.Mounts[i].Index = c.Mounts[i].Index || s.Index
		c.Mounts[i].Inline = c.Mounts[i].Inline || s.Inline
		c.Mounts[i].Hidden = c.Mounts[i].Hidden || s.Hidden
		c.Mounts[i].Precompressed = c.Mounts[i].Precompressed || s.Precompressed
	}
	if err := s.archiveFlags.apply(c); err != nil {
		return err
	}
	if err := s.bucketFlags.apply(c); err != nil {
		return err
	}
	if err := s.linkFlags.apply(c); err != nil {
		return err
	}
	if err := s.ledgerFlags.apply(c); err != nil {
		return err
	}
	if err := s.logFlags.apply(c); err != nil {
		return err
	}
	if err := s.tlsFlags.apply(c); err != nil {
		return err
	}
	if c.Limits.LeastRate > 0 && runtime.GOOS != "linux" {
		return usageErrorf("--least-rate %d is not possible on this system, only on Linux; want it left out", c.Limits.LeastRate)
	}
	if err := s.metricsFlags.apply(c); err != nil {
		return err
	}
	return s.checkProxyProtocol(c)
}

// checkProxyProtocol refuses the PROXY protocol of proxies that aren't named, and addresses
// of a proxy that would be compared with those of clients, which the protocol names.
func (s *serve) checkProxyProtocol(c *config.Config) error {
	if !c.ProxyProtocol {
		return nil
	}
	if len(c.TrustedProxies) == 0 && c.ProxyProtocolLine == 0 {
		return usageErrorf("--proxy-protocol has no effect without --trusted-proxies; want the addresses of the proxies that send it, such as 10.0.0.1, or unix")
	}
	if len(s.AccelFrom) > 0 {
		return usageErrorf("got both --proxy-protocol and --accel-from %s, which would be compared with the addresses of clients; want one of them", s.AccelFrom[0])
	}
	if wrong := besideProxyProtocol(c); wrong != nil {
		return &UsageError{wrong[0]}
	}
	return nil
}

// besideProxyProtocol returns errors for keys that proxy_protocol needs, or that it can't be
// combined with.
func besideProxyProtocol(c *config.Config) (wrong config.Errors) {
	if !c.ProxyProtocol {
		return nil
	}
	if len(c.TrustedProxies) == 0 {
		wrong = append(wrong, &config.Error{
			File: c.File, Line: c.ProxyProtocolLine, Key: "proxy_protocol",
			Err: errors.New("has no effect without trusted_proxies; want the addresses of the proxies that send it, such as [10.0.0.1], or [unix]"),
		})
	}
	for _, p := range c.Proxies {
		if len(p.From) > 0 {
			wrong = append(wrong, &config.Error{
				File: c.File, Line: p.Line, Key: "proxies." + p.Name,
				Err: errors.New("has from, which would be compared with the addresses of clients that proxy_protocol names; want one of them"),
			})
		}
	}
	return wrong
}

// readConfig is checkedConfig with [config.Read].
func readConfig(file string) (*config.Config, error) { return checkedConfig(file, config.Read) }

// checkedConfig reads the file with read, and checks that its proxies accept its rules.
// If the file is wrong, the error is a [UsageError] around [config.Errors].
func checkedConfig(file string, read func(string) (*config.Config, error)) (*config.Config, error) {
	c, err := read(file)
	if err == nil {
		_, err = accelerate(c)
	}
	var wrong config.Errors
	var path *fs.PathError
	switch {
	case errors.As(err, &wrong):
		return nil, &UsageError{wrong}
	case errors.As(err, &path):
		return nil, fmt.Errorf("--config %q: %w", file, path.Err)
	case err != nil:
		return nil, fmt.Errorf("--config %q: %w", file, err)
	}
	return c, nil
}

// readTypes reads the file of media types, if c has one. If its lines are wrong, the
// error is a [UsageError] around [config.Errors].
func readTypes(c *config.Config) (downloadview.Types, error) {
	if c.MimeTypes == "" {
		return nil, nil
	}
	types, err := config.ReadTypes(c.MimeTypes)
	var wrong config.Errors
	var path *fs.PathError
	switch {
	case errors.As(err, &wrong):
		return nil, &UsageError{wrong}
	case errors.As(err, &path):
		err = fmt.Errorf("%q: %w", c.MimeTypes, path.Err)
	case err != nil:
		err = fmt.Errorf("%q %w", c.MimeTypes, err)
	default:
		return types, nil
	}
	if c.MimeTypesLine == 0 {
		return nil, fmt.Errorf("--mime-types %w", err)
	}
	return nil, inFile(c, c.MimeTypesLine, "mime_types", err)
}
