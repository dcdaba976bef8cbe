package s3bucket

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview/internal/bucket"
)

// archived is an object that somebody has to restore first.
func archived(err error) error {
	return bucket.Archived(fmt.Errorf("the object is archived; it has to be restored first: %w", err))
}

// isArchived tells whether a GET would be refused for what HEAD describes.
func isArchived(out *s3.HeadObjectOutput) bool {
	cold := out.ArchiveStatus != "" ||
		out.StorageClass == types.StorageClassGlacier || out.StorageClass == types.StorageClassDeepArchive
	restored := out.Restore != nil && strings.Contains(*out.Restore, `ongoing-request="false"`)
	return cold && !restored
}
