package azurebucket

import "github.com/downloadview/downloadview"

// Pin returns the file with If-Match in its requests. "" is any version. A
// signed URL can't be pinned: it returns the version that exists when it is
// used.
func (f *file) Pin(etag string) downloadview.File {
	return &file{storage: f.storage, key: f.key, pin: etag}
}

var _ downloadview.Pinner = (*file)(nil)
