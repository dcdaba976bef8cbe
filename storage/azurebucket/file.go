package azurebucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	storage *Storage
	key     string
	pin     string // entity tag of the pinned version; "": any
}

func (f *file) Name() string { return f.key }

func (f *file) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "azblob", Host: f.storage.name, Path: f.storage.o.Prefix + f.key}, true
}

func (f *file) blob() *blob.Client {
	return f.storage.client.NewBlobClient(f.storage.o.Prefix + f.key)
}

func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	out, err := f.look(ctx, "stat")
	if err != nil {
		return nil, err
	}
	if value(out.AccessTier) == string(blob.AccessTierArchive) {
		return nil, &fs.PathError{Op: "stat", Path: f.key, Err: archived(errors.New("the access tier is Archive"))}
	}
	return propertiesOf(out).FileInfo(f.key), nil
}

// look requests the properties of the blob, for op. If, after the answer, a GET
// may still succeed, the error is also [errors.ErrUnsupported].
func (f *file) look(ctx context.Context, op string) (*blob.GetPropertiesResponse, error) {
	asked, came := captured(ctx)
	out, err := f.blob().GetProperties(asked, &blob.GetPropertiesOptions{AccessConditions: f.conditions()})
	if err != nil && came.isUnreadable(ctx, err) {
		out, err = came.properties(), nil
	}
	if err != nil && ctx.Err() == nil && f.storage.leavesOpen(err) {
		err = fmt.Errorf("%w: %w for HEAD", f.storage.classified(ctx, err), errors.ErrUnsupported)
		return nil, &fs.PathError{Op: op, Path: f.key, Err: err}
	}
	if err != nil {
		return nil, f.storage.failure(ctx, op, f.key, err)
	}
	if isFolder(out.Metadata) {
		return nil, folder(op, f.key)
	}
	return &out, nil
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	out, err := f.get(ctx, blob.HTTPRange{})
	if err != nil {
		return nil, err
	}
	if out.status != http.StatusOK || out.ContentRange != nil {
		out.Body.Close()
		return nil, f.storage.failure(ctx, "open", f.key, fmt.Errorf(
			"asked for the whole blob, got %d and the range %q", out.status, value(out.ContentRange)))
	}
	size := bucket.Size(out.ContentLength)
	return f.handle(ctx, out, size, size), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	switch {
	case offset < 0:
		return nil, fmt.Errorf("%q: Azure can't be asked for the last bytes: %w", f.key, errors.ErrUnsupported)
	case length == 0:
		return nil, f.noRange(fmt.Errorf("a range of no bytes at %d: %w", offset, downloadview.ErrRange))
	case offset == 0 && length < 0: // the SDK sends no range then
		return f.openAll(ctx)
	case length < 0, length > math.MaxInt64-offset:
		length = 0 // in the SDK, 0 means to the end
	}
	out, err := f.get(ctx, blob.HTTPRange{Offset: offset, Count: length})
	if err != nil {
		return nil, err
	}
	if length == 0 {
		length = -1
	}
	if bucket.Size(out.ContentLength) == 0 && (out.status == http.StatusOK || out.status == http.StatusPartialContent) { // Azurite's answer to a range at the end
		out.Body.Close()
		return nil, f.noRange(fmt.Errorf("the answer has no bytes: %w", downloadview.ErrRange))
	}
	size, part, err := httprange.CheckAnswer(out.status, value(out.ContentRange), bucket.Size(out.ContentLength), offset, length)
	if err != nil {
		out.Body.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, f.noRange(err)
		}
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	return f.handle(ctx, out, size, part), nil
}

// openAll opens the range of all bytes, which an empty blob doesn't have.
func (f *file) openAll(ctx context.Context) (fs.File, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	if h.(*bucket.Handle).Info.Size() == 0 {
		h.Close()
		return nil, f.noRange(fmt.Errorf("the file is empty: %w", downloadview.ErrRange))
	}
	return h, nil
}

func (f *file) noRange(err error) error { return &fs.PathError{Op: "open", Path: f.key, Err: err} }

// asStored keeps the transport of net/http from requesting gzip, because it
// decodes what it has requested. Azure doesn't compress, but stored blobs may
// be labelled as gzip.
var asStored = http.Header{"Accept-Encoding": {"identity"}}

// A download is an answer with bytes, and its status. The SDK accepts 200, 206
// and 304.
type download struct {
	blob.DownloadStreamResponse
	status int
}

func (f *file) get(ctx context.Context, r blob.HTTPRange) (*download, error) {
	asked, came := captured(policy.WithHTTPHeader(ctx, asStored))
	out, err := f.blob().DownloadStream(asked, &blob.DownloadStreamOptions{
		Range:            r,
		AccessConditions: f.conditions(),
	})
	switch {
	case err == nil:
	case came.isUnreadable(ctx, err):
		out = came.download()
	case r != blob.HTTPRange{} && ctx.Err() == nil && f.storage.refusesRange(err):
		err = fmt.Errorf("%w: %w for ranges", f.storage.classified(ctx, err), errors.ErrUnsupported)
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: err}
	default:
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	if isFolder(out.Metadata) {
		out.Body.Close()
		return nil, folder("open", f.key)
	}
	return &download{out, came.status()}, nil
}

func (f *file) conditions() *blob.AccessConditions {
	if f.pin == "" {
		return nil
	}
	tag := azcore.ETag(f.pin)
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &tag}}
}

// handle returns the open handle of an answer with length bytes of a blob of
// size bytes.
func (f *file) handle(ctx context.Context, out *download, size, length int64) *bucket.Handle {
	return &bucket.Handle{
		Ctx:  ctx,
		Body: httprange.NewBody(out.Body, length),
		Key:  f.key,
		Info: attributesOf(&out.DownloadStreamResponse, size).FileInfo(f.key),
	}
}

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
)
