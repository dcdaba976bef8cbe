package command

import (
	"fmt"
	"log/slog"

	"github.com/downloadview/downloadview/internal/config"
)

// Less than fewOpenFiles is a limit that a site may reach. 1024 is the default of many
// systems. If the hard limit is 4096, Go makes the soft one 4095.
const fewOpenFiles = 4095

// ownOpenFiles is what the process needs besides downloads: its log, directories, and
// connections that are idle or ask for a page.
const ownOpenFiles = 64

// tellOpenFiles logs the limits of open files and connections, and how many downloads at
// once they allow. Go has raised the soft limit nearly to the hard one. A limit of less than 0
// is none.
func tellOpenFiles(soft, hard int64, c *config.Config, logger *slog.Logger) {
	each := openFilesOfADownload(c)
	most := int64(-1)
	if soft >= 0 {
		most = max(soft-ownOpenFiles, 0) / each
	}
	logger.Info("limit of open files", "soft", shownLimit(soft), "hard", shownLimit(hard), "each_download", each, "downloads", shownLimit(most))
	wanted := int64(c.Limits.Downloads.Max)
	switch {
	case soft < 0:
	case wanted > most:
		logger.Warn("the limit of open files allows fewer downloads than --max-downloads; raise it, by LimitNOFILE of systemd or ulimit -n", "max_downloads", wanted, "downloads", most)
	case wanted == 0 && soft < fewOpenFiles:
		logger.Warn("the limit of open files is low; beyond it, clients wait or get errors: raise it, by LimitNOFILE of systemd or ulimit -n, or set --max-downloads", "soft", soft)
	}
}

// openFilesOfADownload returns how many descriptors one download may need: the client's
// connection and the file, or the connections to the store.
func openFilesOfADownload(c *config.Config) int64 {
	for i := range c.Mounts {
		if !isDirectory(c, c.Mounts[i].Storage) {
			return 2 + int64(c.Limits.Buckets.ReadAhead)
		}
	}
	return 2
}

func shownLimit(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}
