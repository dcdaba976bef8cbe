package nginx

import (
	_ "embed"
	"fmt"
	"path"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed slices.tmpl
var slicesText string

// Pieces tells whether this nginx fetches objects in pieces: not from cache nodes.
func (s conf) Pieces() bool { return s.Sliced && len(s.Nodes) == 0 }

// pieces sets the socket at which nginx asks itself for pieces. A cache node has an
// address already.
func (s *conf) pieces() error {
	if !s.Pieces() || s.IsNode() {
		return nil
	}
	folder := s.Folder
	if folder == "" {
		folder = "/run" // empty after a crash of the machine, unlike /var
	}
	s.SelfFolder = path.Join(folder, "downloadview_self")
	socket := path.Join(s.SelfFolder, "socket")
	if len(socket) > site.LongestSocket {
		return fmt.Errorf("folder %q is too long: the socket for slices would be %q, and a socket's path may have %d bytes; want a shorter folder, or no slice", s.Folder, socket, site.LongestSocket)
	}
	s.Self = "unix:" + socket
	return nil
}

// PiecesPath is where nginx asks itself for a piece.
func (l location) PiecesPath() string { return "/" + l.Cache.Name + "/pieces" }

// URL and Key return the variables that have the signed URL and the object's name.
func (l location) URL() string {
	if l.IsNode() {
		return "$http_x_download_url"
	}
	return "$downloadview_url"
}

func (l location) Key() string {
	if l.IsNode() {
		return "$http_x_download_key"
	}
	return "$downloadview_key"
}
