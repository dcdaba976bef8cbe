package gcsbucket

import "github.com/downloadview/downloadview"

// Pin returns the object in the generation of the tag etag. "" is any
// generation. All requests, and signed URLs, ask for that generation; if it no
// longer exists, the error is [downloadview.ErrChanged]. So it is for a tag
// that isn't a generation.
func (f *file) Pin(etag string) downloadview.File {
	p := &file{storage: f.storage, key: f.key}
	if etag != "" {
		p.generation = generationOf(etag)
	}
	return p
}

var _ downloadview.Pinner = (*file)(nil)
