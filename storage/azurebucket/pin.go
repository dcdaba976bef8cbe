package azurebucket

import "github.com/downloadview/downloadview"

// Pin returns the file with If-Match in what it asks. "" is any version. A
// signed URL can't be pinned: it is that of what is there when it is used.
func (f *file) Pin(etag string) downloadview.File {
	return &file{storage: f.storage, key: f.key, pin: etag}
}

var _ downloadview.Pinner = (*file)(nil)
