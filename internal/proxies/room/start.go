package room

import "github.com/downloadview/downloadview/internal/proxies/site"

// A Start says how to run a server in the foreground, as an ordinary user, with a
// whole configuration in a folder of its own. The server's log goes to stderr.
type Start struct {
	// Binary is the name of the program, and File the name of the configuration in
	// the folder.
	Binary, File string

	// Args returns the arguments; conf is the text of the configuration, which is in
	// s.Folder.
	Args func(s site.Site, conf string) []string

	// FilesAt is for a server that reads no files itself, such as a cache: the name of
	// a socket in the folder. There the server asks a file server for the internal
	// locations. Tests run one.
	FilesAt string

	// Check returns the arguments with which the server checks the configuration at
	// path, prints its errors, and ends.
	Check func(path string) []string

	// Warning is a text that Check prints if a configuration is valid and doubtful.
	Warning string

	// Frame returns a configuration with a fragment in its place. whole is the
	// printed configuration for the same site.
	Frame func(fragment, whole string) string

	// Folders are those of Debian's package that the configuration for root needs.
	Folders []string

	// NotAsRoot says that the server sends no files if root runs it.
	NotAsRoot bool
}
