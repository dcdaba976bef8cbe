package s3bucket

import "github.com/downloadview/downloadview"

// Pin returns the file with If-Match in its requests. "" is any version. A
// signed URL can't be pinned: it returns the version that exists when it is
// used.
func (f *file) Pin(etag string) downloadview.File {
	return &file{f.storage, f.key, given(etag)}
}

var _ downloadview.Pinner = (*file)(nil)
