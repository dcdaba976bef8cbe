package s3bucket

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// Seconds until a client may ask again, where the store doesn't say.
const (
	afterBusy    = "3"
	afterArchive = "3600" // what was archived comes back within minutes to days
)

// unavailable is a store that asks for patience.
func unavailable(after string, err error) error {
	return &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    bucket.Says(downloadview.ErrUpstream, err),
		Header: http.Header{"Retry-After": {cmp.Or(after, afterBusy)}},
	}
}

// archived is an object that is there, so that it is not missing, but can't be
// read before somebody restores it. As 503 it is in the log.
func archived(err error) error {
	return unavailable(afterArchive, fmt.Errorf("the object is archived; it has to be restored first: %w", err))
}

// isArchived tells whether a GET would be refused for what HEAD describes.
func isArchived(out *s3.HeadObjectOutput) bool {
	cold := out.ArchiveStatus != "" ||
		out.StorageClass == types.StorageClassGlacier || out.StorageClass == types.StorageClassDeepArchive
	restored := out.Restore != nil && strings.Contains(*out.Restore, `ongoing-request="false"`)
	return cold && !restored
}
