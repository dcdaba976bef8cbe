package s3bucket

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview/internal/incoming"
)

// uploadParts uploads part and the rest of in.
func (s *Storage) uploadParts(ctx context.Context, name string, in *incoming.Reader, part *bytes.Buffer) error {
	u, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket:      &s.bucket,
		Key:         &name,
		ContentType: aws.String(incoming.MediaType(name)),
	})
	if err != nil {
		return err
	}
	completed := false
	defer func() { // even if in panics
		if !completed {
			s.abort(ctx, name, u.UploadId)
		}
	}()
	var parts []types.CompletedPart
	for more := true; part.Len() > 0; {
		number := int32(len(parts) + 1)
		out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket:     &s.bucket,
			Key:        &name,
			UploadId:   u.UploadId,
			PartNumber: &number,
			Body:       bytes.NewReader(part.Bytes()),
		})
		if err != nil {
			return err
		}
		parts = append(parts, completedPart(number, out))
		if !more {
			break
		}
		if more, err = in.Fill(part, partSize(number+1)); err != nil {
			return err
		}
	}
	_, err = s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket:          &s.bucket,
		Key:             &name,
		UploadId:        u.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	completed = err == nil
	return err
}

// completedPart identifies a part, with the checksums from its answer. If the
// SDK sent a checksum, the store requires it again.
func completedPart(number int32, out *s3.UploadPartOutput) types.CompletedPart {
	return types.CompletedPart{
		PartNumber:        aws.Int32(number),
		ETag:              out.ETag,
		ChecksumCRC32:     out.ChecksumCRC32,
		ChecksumCRC32C:    out.ChecksumCRC32C,
		ChecksumCRC64NVME: out.ChecksumCRC64NVME,
		ChecksumSHA1:      out.ChecksumSHA1,
		ChecksumSHA256:    out.ChecksumSHA256,
	}
}

// abort removes the parts of an upload, even if ctx has ended. If that fails
// too, the error of the upload is more useful than that of abort.
func (s *Storage) abort(ctx context.Context, name string, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket:   &s.bucket,
		Key:      &name,
		UploadId: id,
	})
}
