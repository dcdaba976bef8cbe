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
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	storage *Storage
	key     string
	pin     string // entity tag of the version that is meant; "": whichever is there
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
	return info(f.key, propertiesOf(out), out.Metadata), nil
}

// look asks for the properties of the blob, for op.
func (f *file) look(ctx context.Context, op string) (*blob.GetPropertiesResponse, error) {
	out, err := f.blob().GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: f.conditions()})
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
	if out.ContentRange != nil {
		out.Body.Close()
		return nil, f.storage.failure(ctx, "open", f.key, fmt.Errorf(
			"asked for the whole, got the range %q", *out.ContentRange))
	}
	size := known(out.ContentLength)
	return f.handle(ctx, out, size, size), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	switch {
	case offset < 0:
		return nil, fmt.Errorf("%q: Azure can't be asked for the last bytes: %w", f.key, errors.ErrUnsupported)
	case length == 0:
		return nil, f.noRange(fmt.Errorf("a range of no bytes at %d: %w", offset, downloadview.ErrRange))
	case offset == 0 && length < 0: // the SDK asks for no range then
		return f.openAll(ctx)
	case length < 0, length > math.MaxInt64-offset:
		length = 0 // to the end, says the SDK
	}
	out, err := f.get(ctx, blob.HTTPRange{Offset: offset, Count: length})
	if err != nil {
		return nil, err
	}
	if length == 0 {
		length = -1
	}
	if known(out.ContentLength) == 0 { // what Azurite says of a range at the very end
		out.Body.Close()
		return nil, f.noRange(fmt.Errorf("the answer has no bytes: %w", downloadview.ErrRange))
	}
	size, part, err := httprange.Check(value(out.ContentRange), known(out.ContentLength), offset, length)
	if err != nil {
		out.Body.Close()
		if errors.Is(err, downloadview.ErrRange) || errors.Is(err, errors.ErrUnsupported) {
			return nil, f.noRange(err)
		}
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	return f.handle(ctx, out, size, part), nil
}

// openAll opens the range of all bytes, which an empty file does not have.
func (f *file) openAll(ctx context.Context) (fs.File, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	if h.(*handle).info.Size() == 0 {
		h.Close()
		return nil, f.noRange(fmt.Errorf("the file is empty: %w", downloadview.ErrRange))
	}
	return h, nil
}

func (f *file) noRange(err error) error { return &fs.PathError{Op: "open", Path: f.key, Err: err} }

// asStored keeps the transport of net/http from asking for gzip, for it decodes
// what it has asked for. Azure doesn't encode, it labels what is stored so.
var asStored = http.Header{"Accept-Encoding": {"identity"}}

func (f *file) get(ctx context.Context, r blob.HTTPRange) (*blob.DownloadStreamResponse, error) {
	out, err := f.blob().DownloadStream(policy.WithHTTPHeader(ctx, asStored), &blob.DownloadStreamOptions{
		Range:            r,
		AccessConditions: f.conditions(),
	})
	if err != nil {
		return nil, f.storage.failure(ctx, "open", f.key, err)
	}
	if isFolder(out.Metadata) {
		out.Body.Close()
		return nil, folder("open", f.key)
	}
	return &out, nil
}

func (f *file) conditions() *blob.AccessConditions {
	if f.pin == "" {
		return nil
	}
	tag := azcore.ETag(f.pin)
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &tag}}
}

// handle returns the open handle of an answer that has length bytes of a blob
// of size.
func (f *file) handle(ctx context.Context, out *blob.DownloadStreamResponse, size, length int64) *handle {
	return &handle{
		ctx:  ctx,
		body: httprange.NewBody(out.Body, length),
		key:  f.key,
		info: info(f.key, attributesOf(out, size), out.Metadata),
	}
}

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
)
