package s3bucket

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// askForChecksum has an answer tell the checksums that are stored. The input's
// own ChecksumMode would have the SDK hash every byte, too.
var askForChecksum = smithyhttp.SetHeaderValue("X-Amz-Checksum-Mode", string(types.ChecksumModeEnabled))

// unvalidated keeps the SDK from hashing and from logging that it did not.
func unvalidated(o *s3.Options) {
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
}

// withChecksum is for a GET that gets a whole object.
func withChecksum(o *s3.Options) { o.APIOptions = append(o.APIOptions, askForChecksum) }

// digest returns a Repr-Digest (RFC 9530) for the checksums of an object that
// are one. The rest are not in its registry, or made of the checksums of parts.
func digest(kind types.ChecksumType, sum256, sum512 *string) string {
	switch {
	case kind != "" && kind != types.ChecksumTypeFullObject:
		return ""
	case isSum(sum256, sha256.Size):
		return "sha-256=:" + *sum256 + ":"
	case isSum(sum512, sha512.Size):
		return "sha-512=:" + *sum512 + ":"
	}
	return ""
}

func isSum(s *string, size int) bool {
	if s == nil || len(*s) != base64.StdEncoding.EncodedLen(size) {
		return false
	}
	b, err := base64.StdEncoding.DecodeString(*s)
	return err == nil && len(b) == size
}
