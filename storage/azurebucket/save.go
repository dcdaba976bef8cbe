package azurebucket

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// Save stores a block blob, with the media type that its name has, as
// [downloadview.TypeByName] says. Up to 8 MiB are one request. What is longer is
// uploaded in blocks of 8 MiB, one after the other, of which each is kept in
// memory while it is sent; after 10,000 blocks they get twice as large, and so
// on, so that the 50,000 blocks that Azure allows hold 2.6 TB.
//
// A blob changes when its last request is answered. Blocks of a Save that failed
// are no blob and not listed; Azure removes them after a week. It also removes
// them when another upload under the same key ends: of several at once, one of
// more than 8 MiB may fail because another has ended before it. That is
// [downloadview.ErrUpstream], with bloberror.InvalidBlockList, and the blob is
// that of the other.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	err := s.upload(ctx, s.o.Prefix+key, in)
	switch read := in.Err(); {
	case err == nil:
		return nil
	case read != nil:
		return &fs.PathError{Op: "save", Path: key, Err: read}
	}
	return s.failure(ctx, "save", key, err)
}

// blockSize returns the length of a block of an upload; the first is 0.
func blockSize(number int) int64 { return 8 << 20 << (number / 10_000) }

func (s *Storage) upload(ctx context.Context, name string, in *incoming.Reader) error {
	var block bytes.Buffer
	more, err := in.Fill(&block, blockSize(0))
	if err != nil {
		return err
	}
	client := s.client.NewBlockBlobClient(name)
	headers := &blob.HTTPHeaders{BlobContentType: to.Ptr(incoming.MediaType(name))}
	if more {
		return uploadBlocks(ctx, client, headers, in, &block)
	}
	_, err = client.Upload(ctx, body(&block), &blockblob.UploadOptions{HTTPHeaders: headers})
	return err
}

// uploadBlocks uploads block, and what follows in in.
func uploadBlocks(ctx context.Context, client *blockblob.Client, headers *blob.HTTPHeaders, in *incoming.Reader, block *bytes.Buffer) error {
	upload := rand.Text()
	var ids []string
	for more := true; block.Len() > 0; {
		id := blockID(upload, len(ids))
		if _, err := client.StageBlock(ctx, id, body(block), nil); err != nil {
			return err
		}
		ids = append(ids, id)
		if !more {
			break
		}
		var err error
		if more, err = in.Fill(block, blockSize(len(ids))); err != nil {
			return err
		}
	}
	_, err := client.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{HTTPHeaders: headers})
	return err
}

// blockID returns the name of a block of an upload. It is as long as those that
// the SDK gives, for Azure wants one length for all blocks that it has for a
// blob, those included that somebody left behind.
func blockID(upload string, number int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%0*d", upload, 64-len(upload), number))
}

func body(b *bytes.Buffer) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(b.Bytes())) }

var _ downloadview.Saver = (*Storage)(nil)
