package s3bucket

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview/internal/bucket"
)

// archived is the error for an object that has to be restored before it can be
// read.
func archived(err error) error {
	return bucket.Archived(fmt.Errorf("the object is archived; it has to be restored first: %w", err))
}

// isArchived reports whether S3 would refuse a GET of the object that out
// describes.
func isArchived(out *s3.HeadObjectOutput) bool {
	cold := out.ArchiveStatus != "" ||
		out.StorageClass == types.StorageClassGlacier || out.StorageClass == types.StorageClassDeepArchive
	restored := out.Restore != nil && strings.Contains(*out.Restore, `ongoing-request="false"`)
	return cold && !restored
}
