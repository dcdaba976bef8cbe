package command

import (
	"cmp"

	"github.com/downloadview/downloadview/internal/config"
)

// archiveFlags are the flags for the archives of folders.
type archiveFlags struct {
	Archive         bool        `group:"Archives:" help:"Answer a folder with ?archive=zip or ?archive=tar: with all files below it as one archive, which clients can resume. The page of --index gets a button for it. Default: that query is ignored."`
	ArchiveMaxFiles numberFrom1 `placeholder:"N" group:"Archives:" help:"The most files and folders of an archive. A folder with more is 413. Default: 10000."`
	ArchiveMaxSize  partSize    `placeholder:"SIZE" group:"Archives:" help:"The most bytes that the files of an archive may have together. A folder with more is 413. Default: 100GB."`
}

// Defaults for values that neither the flags nor the file set.
const (
	archiveMaxFiles = 10_000
	archiveMaxSize  = 100e9
)

// apply sets the values of c: a flag wins over the file, and the file over the default.
func (f *archiveFlags) apply(c *config.Config) error {
	archives := f.Archive
	for i := range c.Mounts {
		c.Mounts[i].Archive = c.Mounts[i].Archive || f.Archive
		archives = archives || c.Mounts[i].Archive
	}
	if !archives && (f.ArchiveMaxFiles != 0 || f.ArchiveMaxSize != 0) {
		return usageErrorf("--archive-max-files and --archive-max-size have no effect without --archive; want both")
	}
	l := &c.Limits.Archives
	l.MaxFiles = cmp.Or(int(f.ArchiveMaxFiles), l.MaxFiles, archiveMaxFiles)
	l.MaxSize = cmp.Or(int64(f.ArchiveMaxSize), l.MaxSize, archiveMaxSize)
	return nil
}
