package s3bucket

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// List lists a folder, as [downloadview.Lister] says, with one request per
// thousand entries. If the store returns the same page again and again, that is
// an error. A folder is a common prefix of keys that ends in a slash. A folder
// whose name would be empty, as between the slashes of "a//b", is left out.
//
// The listing of a directory bucket is kept in memory until its end, because S3
// doesn't sort it.
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	prefix, err := bucket.Prefix(folder)
	if err == nil && s.wrong != nil {
		err = bucket.Refused("list", folder, s.wrong)
	}
	if err != nil {
		return func(yield func(fs.FileInfo, error) bool) { yield(nil, err) }
	}
	entries := s.entries(ctx, folder, prefix)
	if isDirectoryBucket(s.bucket) {
		entries = sorted(entries)
	}
	return bucket.Folder(prefix, entries)
}

// isDirectoryBucket reports whether name is that of a directory bucket, or of an
// access point of one. S3 reserves these endings.
func isDirectoryBucket(name string) bool {
	return strings.HasSuffix(name, "--x-s3") || strings.HasSuffix(name, "--xa-s3")
}

// sorted returns the entries of a directory bucket, which S3 lists in any order.
func sorted(entries iter.Seq2[bucket.Entry, error]) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		var all []bucket.Entry
		for e, err := range entries {
			if err != nil {
				yield(e, err)
				return
			}
			all = append(all, e)
		}
		slices.SortFunc(all, func(a, b bucket.Entry) int { return cmp.Compare(a.Key, b.Key) })
		for i, e := range all {
			if i > 0 && e.Key == all[i-1].Key {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// entries yields the bucket's entries below prefix in the order of keys,
// without the storage's own prefix.
func (s *Storage) entries(ctx context.Context, folder, prefix string) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{
			Bucket:    &s.bucket,
			Prefix:    aws.String(s.prefix + prefix),
			Delimiter: aws.String("/"),
			// XML can't carry every character of a key.
			EncodingType: types.EncodingTypeUrl,
		})
		var circle bucket.Pages
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, readable)
			if err == nil && aws.ToBool(page.IsTruncated) {
				err = nextPage(&circle, aws.ToString(page.NextContinuationToken))
			}
			if err != nil {
				yield(bucket.Entry{}, s.failure(ctx, "list", folder, err))
				return
			}
			for e, err := range entriesOf(page) {
				if err != nil {
					yield(bucket.Entry{}, s.failure(ctx, "list", folder, err))
					return
				}
				e.Key = strings.TrimPrefix(e.Key, s.prefix)
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// nextPage returns an error if the store says that there is another page but
// returns no token for it, or a token that it has returned before.
func nextPage(circle *bucket.Pages, token string) error {
	if token == "" {
		return errors.New("the listing is cut off: the store says there is another page, but sent no token for it")
	}
	return circle.Next(token)
}

// entriesOf merges the objects and the folders of a page, each of which are
// sorted.
func entriesOf(page *s3.ListObjectsV2Output) iter.Seq2[bucket.Entry, error] {
	decode := func(s *string) (string, error) { return aws.ToString(s), nil }
	if page.EncodingType == types.EncodingTypeUrl {
		decode = func(s *string) (string, error) { return url.QueryUnescape(aws.ToString(s)) }
	}
	return func(yield func(bucket.Entry, error) bool) {
		objects, folders := page.Contents, page.CommonPrefixes
		for len(objects)+len(folders) > 0 {
			var e bucket.Entry
			var object, folder string
			var err error
			if len(objects) > 0 {
				object, err = decode(objects[0].Key)
			}
			if len(folders) > 0 && err == nil {
				folder, err = decode(folders[0].Prefix)
			}
			switch {
			case err != nil:
				yield(e, err)
				return
			case len(folders) == 0, len(objects) > 0 && object < folder:
				e = bucket.Entry{Key: object, Attributes: attributesOf(objects[0])}
				objects = objects[1:]
			default:
				e = bucket.Entry{Key: folder, IsDir: true}
				folders = folders[1:]
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func attributesOf(o types.Object) downloadview.Attributes {
	return downloadview.Attributes{
		Size:    bucket.Size(o.Size),
		ModTime: aws.ToTime(o.LastModified),
		ETag:    bucket.Quoted(aws.ToString(o.ETag)),
	}
}
