package archive

import (
	"context"
	"strings"
)

// Options are the settings of an archive. The zero value, or nil, is a good
// default.
type Options struct {
	// Comment is the comment of a zip archive, of at most 65535 bytes; opening one with a
	// longer comment is an error. A tar archive ignores it.
	Comment string

	// Names says which names the members may have.
	Names NameRule

	// Lookups is how many files are asked for their metadata at once; 0 means 8.
	// Files whose entries have Attributes are not asked.
	Lookups int

	// Known has the CRC-32 of whole files that were computed ahead, as by [Warm]; those
	// files are in a zip archive as they are. It is asked for each file whose CRC-32 is
	// not known otherwise, as many at once as Lookups says. Nothing is saved in it.
	//
	// An archive becomes another one when Known learns more: then its entity tag and its
	// length change, and a client that resumes without If-Range, such as wget, would mix
	// the two. So don't use one value for Known and Resume. nil knows nothing.
	Known Checksums

	// IfRange is the If-Range field of the request. If it is the entity tag that the
	// archive had before Known knew a file, that archive is sent once more, so that a
	// download goes on. Without Known it has no effect.
	IfRange string

	// Resume remembers checksums while archives are sent, so that a download that is
	// resumed doesn't read the members again that it has got already: their CRC-32 is
	// in the directory at the end. It is best shared by all archives of a process.
	// nil remembers nothing; a resumed download then reads again what comes before it,
	// without sending it. Members whose CRC-32 is known beforehand don't need it.
	Resume Checksums

	// Level and Compress are for [CompressedZip] only. Level is that of [compress/flate.NewWriter]
	// from 1 to 9; 0 means its default. Compress reports whether the file with this name
	// in the archive is compressed; images and archives gain nothing. nil compresses
	// every file.
	Level    int
	Compress func(name string) bool

	// Progress, if not nil, is called while the archive is sent: about once for each
	// MiB, and at the end. It must not block. ctx is that of the request.
	Progress func(ctx context.Context, p Progress)
}

// A Progress says how far one download of an archive is.
type Progress struct {
	Offset, Size    int64  // bytes of the archive that were read, from its start, and all; -1: not known
	Member, Members int    // index of the current member, and their number
	Name            string // of the current member; "" in the directory at the end
}

// settings are the options of an archive.
type settings struct {
	Options
	compressed bool // by CompressedZip
}

func newSettings(o *Options) *settings {
	s := &settings{}
	if o != nil {
		s.Options = *o
	}
	s.Comment = strings.ToValidUTF8(s.Comment, "\uFFFD")
	if s.Lookups <= 0 {
		s.Lookups = 8
	}
	return s
}

// deflates reports whether a member is compressed. Content of unknown size can't be
// stored.
func (s *settings) deflates(name string, size int64) bool {
	return s.compressed && (size < 0 || s.Compress == nil || s.Compress(name))
}
