// Package gocloud serves objects of any [blob.Bucket] of the Go CDK: on disk,
// in memory, or in a cloud whose driver the program has imported. It imports no
// cloud's SDK itself.
//
// A whole object is one request, and so is a range from an offset. What the
// headers say comes from the reader that gives the bytes; package blob passes
// on its size, time and media type, but neither entity tag nor encoding nor
// language. Where these matter, set [Options].Describe, or use the storage made
// for the cloud, such as s3bucket. Without them
//   - the entity tag is the one of time and size;
//   - an object stored with a Content-Encoding, such as gzip, goes out as it is
//     and without that header;
//   - nothing can be pinned to one version. What the tag of time and size does
//     not warrant is not opened twice, so several ranges may be answered with
//     the whole object.
//
// The last bytes of an object are found by asking for its size first. A store
// that ignores ranges can't be told from one that honours them.
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

// Options are what a Storage has beside its bucket. nil and the zero value are
// good defaults.
type Options struct {
	// Source says where the bucket is, which it does not know itself: Scheme
	// and Host, such as "s3" and the bucket's name. Its Path is put before each
	// key as it is, such as "reports/2026/" for a [blob.PrefixedBucket] or
	// "/srv/media/" for a bucket of local files; where it is neither "" nor ends in
	// a slash, or has dot segments, that is an error of every key. The zero value
	// means that the files have no source, and are never offloaded.
	//
	// Some drivers keep unusual keys under other names, fileblob "a//b" for
	// one. A proxy that is sent there finds nothing.
	Source downloadview.Source

	// BaseURL is where everybody may have the objects without a signature, such
	// as https://cdn.example.com/media/. nil means that they have no public
	// URLs.
	BaseURL *url.URL

	// Describe adds to a what the bucket's driver knows of an open object and
	// package blob does not pass on: ETag, ContentEncoding, ContentLanguage. It
	// finds them by r.As and must not read. For an S3 bucket of the Go CDK:
	//
	//	var out s3.GetObjectOutput
	//	if r.As(&out) {
	//		a.ETag, a.ContentEncoding = aws.ToString(out.ETag), aws.ToString(out.ContentEncoding)
	//	}
	//
	// Stat of a file is to say what the open object will, so it has the three
	// only where Describe is set. nil means that nobody knows.
	//
	// It is called for every object that is opened, by several goroutines.
	Describe func(r *blob.Reader, a *downloadview.Attributes)

	// Logger gets a line (Warn) when a cloud denies access to an object that is
	// read, because the error is then that of a missing object. nil is
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

// New returns the Storage of a bucket. It asks nothing of a cloud; a bucket of
// local files tells by its folder what it is. The bucket stays the caller's,
// who closes it when nothing is served any more.
//
// The prefix of a [blob.PrefixedBucket] should end in a slash: "tenant1" is also
// the beginning of "tenant10/a.txt". In a bucket of local files another one is an
// error of every file; of a cloud's the bucket doesn't tell.
func New(b *blob.Bucket, o *Options) *Storage {
	s := &Storage{bucket: b, source: b}
	var info os.FileInfo
	if s.onDisk = b.As(&info); s.onDisk { // only fileblob has one
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

// File returns the object called key. Nothing in a key is cleaned: "a//b" and
// "a/../b" are objects of their own where the driver has it so. A key that is
// empty, ends in a slash, is not UTF-8, has a NUL or more ".." than names before
// them, is [fs.ErrInvalid]. So is, in a bucket of local files, one with an empty
// or dot segment, which would be another name of the same file, one that ends
// in ".attrs", where such a bucket keeps what it knows of a file, and one like
// "name.18aa0c3f55d2e6b1.tmp", where it writes what is not whole yet.
//
// A bucket of local files is read as storage/disk reads a directory: symbolic
// links work where they are relative and stay in the bucket's folder, only
// regular files are files, and opening one never waits. Others are
// [fs.ErrNotExist]. Where the folder can't be found out, as with
// [blob.SingleKeyBucket], each file is an error.
//
// The file is a [downloadview.StatFile] and a [downloadview.RangeFile]; in a
// bucket of local files it is neither, but its open handle can seek and is sent
// by sendfile(2). It has a source if Options has one.
//
// A missing object is [fs.ErrNotExist], and so is one of a cloud that access is
// denied to; Options.Logger tells of it. A forbidden local file is
// [fs.ErrPermission], a key that the driver refuses as an argument
// [fs.ErrInvalid]. A store that is busy is a [downloadview.StatusError] 503.
// Everything else is [downloadview.ErrUpstream], and [os.ErrDeadlineExceeded] too
// where it is a timeout: errors that a driver does not classify, a store that is
// not reached, and missing credentials included. Where the context has ended, its
// error is that of the call. [errors.As] finds the error of package blob, as
// [downloadview.AsCause] says.
//
// What a driver says it says for its cloud: that of Azure says that access is
// denied where the credentials are wrong.
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
		return errors.New(`a key of a local file has no empty or dot segment and does not end in ".attrs"`)
	case isUnfinished(key):
		return errors.New("a key has not the name of a file that is being written")
	}
	return nil
}

var _ downloadview.Lister = (*Storage)(nil)
