package s3bucket

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// askForChecksum makes an answer include the stored checksums. With the
// ChecksumMode of the input, the SDK would also hash every byte.
var askForChecksum = smithyhttp.SetHeaderValue("X-Amz-Checksum-Mode", string(types.ChecksumModeEnabled))

// unvalidated keeps the SDK from hashing the body, and from logging that it
// didn't.
func unvalidated(o *s3.Options) {
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
}

// withChecksum is for a GET of a whole object.
func withChecksum(o *s3.Options) { o.APIOptions = append(o.APIOptions, askForChecksum) }

// digest returns a Repr-Digest (RFC 9530) from those checksums that are digests
// of the whole object. Other checksums are not in the RFC's registry, or are
// computed from the checksums of parts.
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

// crc32Of returns the CRC-32 of the whole object. One without a type is of an object
// that was stored in one piece.
func crc32Of(kind types.ChecksumType, sum *string) (uint32, bool) {
	if kind != "" && kind != types.ChecksumTypeFullObject || !isSum(sum, 4) {
		return 0, false
	}
	b, err := base64.StdEncoding.DecodeString(*sum)
	if err != nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

func isSum(s *string, size int) bool {
	if s == nil || len(*s) != base64.StdEncoding.EncodedLen(size) {
		return false
	}
	b, err := base64.StdEncoding.DecodeString(*s)
	return err == nil && len(b) == size
}
