package gcsbucket

import "github.com/downloadview/downloadview"

// Pin returns the object in the generation that the tag etag has. "" is
// whichever is there. What is asked of it, a signed URL included, is asked of
// that generation; where it is there no more, the error is
// [downloadview.ErrChanged]. A tag without a generation is that of no version.
func (f *file) Pin(etag string) downloadview.File {
	p := &file{storage: f.storage, key: f.key}
	if etag != "" {
		p.generation = generationOf(etag)
	}
	return p
}

var _ downloadview.Pinner = (*file)(nil)
