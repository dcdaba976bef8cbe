package incoming

import (
	"cmp"

	"github.com/downloadview/downloadview"
)

// MediaType returns the media type that an object called key is stored with: that
// of its name, as [downloadview.TypeByName] says, else application/octet-stream.
func MediaType(key string) string {
	return cmp.Or(downloadview.TypeByName(key), "application/octet-stream")
}
