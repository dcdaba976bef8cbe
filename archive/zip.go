package archive

import (
	"iter"

	"github.com/downloadview/downloadview"
)

// Zip returns a zip archive of entries, under this name. Making it does no I/O.
// The File is a [downloadview.StatFile], a [downloadview.RangeFile] and a
// [downloadview.Pinner]. Several goroutines may use it at the same time if they may
// range over entries at the same time.
//
// Each time the archive is looked at or opened, it ranges over entries, and asks
// the files whose entries have no Attributes. So entries must yield the same
// again, as long as nothing has changed. An error that it yields is that of the
// archive, with its [downloadview.StatusCode]; the error of a file is not: a member
// that is missing is no 404.
//
// The archive has no time. Its entity tag depends on the names, sizes, times,
// versions and known checksums of all members. If a member has neither a strong
// entity tag nor a time that tells its versions apart, the archive has no tag and
// no ranges.
//
// Memory is needed for the members' names and metadata, from then until the handle
// is closed, but not for content.
func Zip(name string, entries iter.Seq2[Entry, error], o *Options) downloadview.File {
	s := newSettings(o)
	return newArchive(name, "application/zip", zipFormat{comment: s.Comment}, entries, s)
}
