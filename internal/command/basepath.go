package command

import "github.com/downloadview/downloadview/internal/config"

// setBasePath puts the mounts of c below the value of --base-path, if the flag is set.
func setBasePath(c *config.Config, flag string) error {
	if flag == "" {
		return nil
	}
	base, err := config.ParseBasePath(flag)
	if err != nil {
		return usageErrorf("--base-path %q %w", flag, err)
	}
	c.SetBasePath(base)
	return nil
}
