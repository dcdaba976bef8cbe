package room

import "github.com/downloadview/downloadview/internal/proxies/site"

// A Start says how a server is run in the foreground, by an ordinary user, with a
// whole configuration that lies in a folder of its own. What it writes to its log
// goes to stderr.
type Start struct {
	// Binary is the name of the program, and File that of the configuration in the
	// folder.
	Binary, File string

	// Args returns the arguments; conf is the text of the configuration of s, which
	// lies in its Folder.
	Args func(s site.Site, conf string) []string

	// Check returns the arguments with which the server reads the configuration at
	// path, says what is wrong with it, and ends.
	Check func(path string) []string

	// NotAsRoot says that the server sends nothing when it is run by root.
	NotAsRoot bool
}
