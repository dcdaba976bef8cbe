// Package gocloud serves objects of any [blob.Bucket] of the Go CDK: on disk,
// in memory, or in a cloud whose driver the program has imported. It imports no
// cloud's SDK itself.
//
// A download of a whole object is one request, and so is one of a range from an
// offset. The header fields of a download come from the reader that returns the
// bytes. Package blob passes on size, time and media type, but not entity tag,
// encoding and language. If you need these, set [Options].Describe, or use the
// storage for the cloud, such as s3bucket. Without them
//   - the entity tag is made from time and size;
//   - an object that is stored with a Content-Encoding, such as gzip, is sent
//     as it is, but without that header field. With the driver of Google, gzip
//     is decoded, so the size isn't known and there are no ranges;
//   - files can't be pinned to a version. If the tag of time and size isn't
//     strong enough, a file is not opened twice, so a request for several
//     ranges may be answered with the whole object.
//
// For the last bytes of an object, the size is requested first. Some drivers
// have the size 0 also if the store doesn't tell it. So Stat opens an object of
// this size, and one with the Content-Encoding gzip. That a store ignores ranges
// is noticed only at the end of a range, which is an error then.
package gocloud

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"gocloud.dev/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/keyprefix"
)

// Options are the settings of a Storage. nil and the zero value are good
// defaults.
type Options struct {
	// Source says where the bucket is, because the bucket can't: Scheme and
	// Host, such as "s3" and the bucket's name. Its Path is put before each
	// key, unchanged. Examples are "reports/2026/" for a [blob.PrefixedBucket]
	// and "/srv/media/" for a bucket of local files. If Path is not "" and
	// doesn't end in a slash, or has dot segments, every key is an error. The
	// zero value means that the files have no source, and are never offloaded.
	//
	// Some drivers store unusual keys under other names; fileblob does so for
	// "a//b". A proxy that looks for such a key at the source doesn't find it.
	Source downloadview.Source

	// BaseURL is the public URL of the objects, without a signature, such as
	// https://cdn.example.com/media/. nil means that the objects have no public
	// URLs.
	BaseURL *url.URL

	// Describe adds to a the metadata that the bucket's driver has of an open
	// object but package blob doesn't pass on: ETag, ContentEncoding and
	// ContentLanguage. It gets them by r.As and must not read. For an S3 bucket
	// of the Go CDK:
	//
	//	var out s3.GetObjectOutput
	//	if r.As(&out) {
	//		a.ETag, a.ContentEncoding = aws.ToString(out.ETag), aws.ToString(out.ContentEncoding)
	//	}
	//
	// Stat of a file must agree with the open object, so it returns these three
	// only if Describe is set. nil means that they are unknown.
	//
	// Describe is called for every object that is opened, by several
	// goroutines.
	Describe func(r *blob.Reader, a *downloadview.Attributes)

	// Logger gets a line (Warn) when a cloud denies access to an object that is
	// read, because the caller then gets the error for a missing object. nil is
	// [slog.Default].
	Logger *slog.Logger
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	bucket  *blob.Bucket // that is written to
	source  *blob.Bucket // that is read from
	options Options
	onDisk  bool
	folder  folder // of a bucket of local files
	wrong   error  // why there are no files
}

// New returns a storage of the objects in a bucket. It sends no request to a
// cloud; it detects a bucket of local files by its folder. The bucket still
// belongs to the caller, who closes it after the last use of the storage.
//
// The prefix of a [blob.PrefixedBucket] should end in a slash: "tenant1" is
// also the beginning of "tenant10/a.txt". In a bucket of local files any other
// prefix makes every file an error; a cloud's bucket doesn't reveal its prefix.
func New(b *blob.Bucket, o *Options) *Storage {
	s := &Storage{bucket: b, source: b}
	var info os.FileInfo
	if s.onDisk = b.As(&info); s.onDisk { // only fileblob supports it
		s.folder = findFolder(b, info)
		s.source = blob.NewBucket(&reading{folder: &s.folder})
	}
	s.wrong = s.folder.err
	if o != nil {
		s.options = *o
		if err := keyprefix.Check(o.Source.Path); err != nil && s.wrong == nil {
			s.wrong = fmt.Errorf("the path %q of the storage's source %w", o.Source.Path, err)
		}
	}
	return s
}

// File returns the object called key. Keys are not cleaned: "a//b" and "a/../b"
// are keys like any other if the driver accepts them. A key is [fs.ErrInvalid]
// if it is empty, ends in a slash, is not UTF-8, has a NUL, or has more ".."
// than names before them. In a bucket of local files, these keys are
// [fs.ErrInvalid], too: a key with an empty or dot segment, because it would be
// another name of the same file; a key that ends in ".attrs", because the
// driver stores the attributes of files under such names; and a key like
// "name.18aa0c3f55d2e6b1.tmp", because the driver writes new files under such
// names.
//
// A bucket of local files is read in the same way as a directory by
// storage/disk: a symbolic link works if it is relative and stays in the
// bucket's folder, only regular files are served, and opening one never blocks.
// Anything else is [fs.ErrNotExist]. If the folder can't be determined, as with
// [blob.SingleKeyBucket], every file is an error.
//
// The file is a [downloadview.StatFile] and a [downloadview.RangeFile]. In a
// bucket of local files it is neither, but its open handle can seek and is sent
// by sendfile(2). It has a source if Options has one.
//
// A missing object is [fs.ErrNotExist]. So is an object to which a cloud denies
// access; Options.Logger gets a line. A local file without read permission is
// [fs.ErrPermission]. A key that the driver rejects as an argument is
// [fs.ErrInvalid]. A busy store is a [downloadview.StatusError] 503. Everything
// else is [downloadview.ErrUpstream], and a timeout is
// [os.ErrDeadlineExceeded], too. This includes errors that the driver doesn't
// classify, a store that can't be reached, and missing credentials. If the
// context has ended, the error is that of the context. [errors.As] finds the
// error of package blob, as [downloadview.AsCause] says.
//
// The driver classifies its cloud's errors: that of Azure, for example, reports
// wrong credentials as denied access.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	if s.onDisk {
		return f, nil
	}
	return bucket.Object(&object{*f}, s.options.Logger), nil
}

func (s *Storage) lookup(key string) (*file, error) {
	err := bucket.CheckKey(key)
	if err == nil && s.onDisk {
		err = checkLocalKey(key)
	}
	if err != nil {
		return nil, bucket.Invalid("file", key, err)
	}
	if s.wrong != nil {
		return nil, bucket.Refused("file", key, s.wrong)
	}
	return &file{s, key}, nil
}

func checkLocalKey(key string) error {
	switch {
	case !fs.ValidPath(key), strings.HasSuffix(key, attributesSuffix):
		return errors.New(`the key of a local file has an empty or dot segment or ends in ".attrs"`)
	case isUnfinished(key):
		return errors.New("the key is reserved for a file that is being saved")
	}
	return nil
}

var _ downloadview.Lister = (*Storage)(nil)
