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

// Save stores a block blob, with the media type of its name, as
// [downloadview.TypeByName] says. Up to 8 MiB are sent in one request. More is
// uploaded in blocks of 8 MiB, one after the other; each is kept in memory
// while it is sent. The block size doubles after every 10,000 blocks, so the
// 50,000 blocks that Azure allows hold 2.6 TB.
//
// The blob changes when the last request has been answered. The blocks of a
// Save that failed aren't a blob and aren't listed; Azure removes them after a
// week. It also removes them when another upload under the same key ends. So if
// several uploads under one key run at once, one of more than 8 MiB may fail
// because another has ended before it: the error is [downloadview.ErrUpstream],
// with bloberror.InvalidBlockList, and the blob is that of the other upload.
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

// blockSize returns the size of a block of an upload, in bytes. The first block
// is number 0.
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

// uploadBlocks uploads block and the rest of in.
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

// blockID returns the name of a block of an upload. It is as long as the names
// that the SDK makes, because all blocks that Azure has for a blob, including
// abandoned ones, must have names of the same length.
func blockID(upload string, number int) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%0*d", upload, 64-len(upload), number))
}

func body(b *bytes.Buffer) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader(b.Bytes())) }

var _ downloadview.Saver = (*Storage)(nil)
