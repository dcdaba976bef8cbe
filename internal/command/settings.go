package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
)

// stallTimeout is the --stall-timeout where nothing else is said.
const stallTimeout = time.Minute

// settings returns what the flags and the file say together, with a value for
// all that must have one.
func (s *serve) settings() (*config.Config, error) {
	if s.Grace != nil && *s.Grace < 0 {
		return nil, usageErrorf("--grace %v is negative; want a duration such as 30s", *s.Grace)
	}
	c := new(config.Config)
	if s.Config != "" {
		var err error
		if c, err = readConfig(s.Config); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Storage == nil && s.Config == "":
		return nil, usageErrorf("expected STORAGE or --config FILE; see downloadview serve --help")
	case s.Storage == nil && len(c.Storages) == 0:
		return nil, usageErrorf("--config %s has no storages; want some, or a STORAGE behind the flags", s.Config)
	case s.Storage != nil && len(c.Storages) > 0:
		return nil, usageErrorf("both STORAGE %q and the storages of --config %s; want one of them", *s.Storage, s.Config)
	case len(c.Rules) > 0 && (s.Accel != "" || len(s.Rule) > 0):
		return nil, usageErrorf("both --accel or --rule and the rules of --config %s; want one of them", s.Config)
	case len(c.Storages) == 0:
		c.Storages = []config.Storage{{URL: *s.Storage}}
		c.Mounts = []config.Mount{{Path: "/"}}
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
	c.Limits.Stall = cmp.Or(time.Duration(s.StallTimeout), c.Limits.Stall, stallTimeout)
	c.Blind = c.Blind || s.Blind
	c.MimeTypes = cmp.Or(s.MimeTypes, c.MimeTypes)
	for i := range c.Mounts {
		c.Mounts[i].Index = c.Mounts[i].Index || s.Index
		c.Mounts[i].Inline = c.Mounts[i].Inline || s.Inline
		c.Mounts[i].Hidden = c.Mounts[i].Hidden || s.Hidden
	}
	if err := s.bucketFlags.apply(c); err != nil {
		return nil, err
	}
	return c, nil
}

// hasStorages tells whether the file names storages, so that no argument does.
func (s *serve) hasStorages() (bool, error) {
	if s.Config == "" {
		return false, nil
	}
	c, err := readConfig(s.Config)
	return err == nil && len(c.Storages) > 0, err
}

// readConfig reads the file and checks it against what proxies take. A file
// that is wrong is a [UsageError] around [config.Errors].
func readConfig(file string) (*config.Config, error) {
	c, err := config.Read(file)
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

// readTypes reads the file of media types, if c has one. What is wrong with its
// lines is a [UsageError] around [config.Errors].
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
		return nil, fmt.Errorf("--mime-types %q: %w", c.MimeTypes, path.Err)
	case err != nil:
		return nil, fmt.Errorf("--mime-types %q %w", c.MimeTypes, err)
	}
	return types, nil
}
