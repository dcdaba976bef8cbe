package incoming

import (
	"cmp"

	"github.com/downloadview/downloadview"
)

// MediaType returns the media type to store an object called key with: that of
// its name, as [downloadview.TypeByName] says, otherwise
// application/octet-stream.
func MediaType(key string) string {
	return cmp.Or(downloadview.TypeByName(key), "application/octet-stream")
}
