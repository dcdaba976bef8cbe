package nginx

import (
	"net/http"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

// PrivatePrefix begins the name of a header field that the application sends only to
// its proxy.
const PrivatePrefix = "X-Download-"

// Fields with which the application hands over a signed URL, beside the field
// that names the internal location.
const (
	URLField = PrivatePrefix + "Url" // the signed URL to fetch
	KeyField = PrivatePrefix + "Key" // the object's name, which is the same for all its URLs
)

// CodingField is the private name of Content-Encoding. A store sends its own.
const CodingField = PrivatePrefix + "Content-Encoding"

// IDField has the ID of the download that is handed over, for the log. It is the Field of
// package ledger.
const IDField = PrivatePrefix + "Id"

// PrivateFields returns the fields that the application sends under a private name,
// [PrivatePrefix] and their own name, if the rule has accel.PassAll. The proxy
// restores their own name on a download, but not on the error page for a missing
// file.
func PrivateFields() []string {
	return []string{"Cache-Control", "Content-Disposition", "Expires"}
}

// DroppedFields returns the fields of the application's answer that nginx drops
// when a file is handed over, and that the printed configuration adds again. If a
// field has several lines, nginx before 1.23 keeps only the first, so a hand-over
// joins each list into one line. If a handler around the download handler adds a line
// later, these versions drop it.
func DroppedFields() []string { return slices.Clone(droppedFields) }

var droppedFields = []string{
	"X-Content-Type-Options",
	"Content-Security-Policy",
	"Content-Language",
	"Vary",
	"Link",
	"X-Robots-Tag",
	"X-Frame-Options",
	"Referrer-Policy",
	"Strict-Transport-Security",
	"Permissions-Policy",
	"Cross-Origin-Resource-Policy",
	"Cross-Origin-Embedder-Policy",
	"Cross-Origin-Opener-Policy",
	"Access-Control-Allow-Origin",
	"Access-Control-Allow-Credentials",
	"Access-Control-Expose-Headers",
	"Timing-Allow-Origin",
	"Repr-Digest",
	"Unencoded-Digest",
	"Digest",
	"Server-Timing",
}

// metadataFields returns the fields in which a rule's store sends the metadata to
// hide.
func metadataFields(r site.Rule) []string {
	prefix := map[string]string{"s3": "X-Amz-Meta-", "gs": "X-Goog-Meta-", "azblob": "X-Ms-Meta-"}
	scheme, _, _ := strings.Cut(r.Source, "://")
	var fields []string
	for _, key := range r.Signed.Hidden {
		fields = append(fields, http.CanonicalHeaderKey(prefix[scheme]+key))
	}
	return fields
}

// storeFields are the fields by which stores describe an object and themselves, which
// clients must not see. nginx hides a field only by its whole name.
var storeFields = []string{
	"Alt-Svc",
	"X-Powered-By",

	"x-amz-bucket-region",
	"x-amz-checksum-crc32",
	"x-amz-checksum-crc32c",
	"x-amz-checksum-crc64nvme",
	"x-amz-checksum-sha1",
	"x-amz-checksum-sha256",
	"x-amz-checksum-type",
	"x-amz-delete-marker",
	"x-amz-expiration",
	"x-amz-id-2",
	"x-amz-missing-meta",
	"x-amz-mp-parts-count",
	"x-amz-object-lock-legal-hold",
	"x-amz-object-lock-mode",
	"x-amz-object-lock-retain-until-date",
	"x-amz-replication-status",
	"x-amz-request-charged",
	"x-amz-request-id",
	"x-amz-restore",
	"x-amz-server-side-encryption",
	"x-amz-server-side-encryption-aws-kms-key-id",
	"x-amz-server-side-encryption-bucket-key-enabled",
	"x-amz-server-side-encryption-customer-algorithm",
	"x-amz-server-side-encryption-customer-key-md5",
	"x-amz-storage-class",
	"x-amz-tagging-count",
	"x-amz-version-id",
	"x-amz-website-redirect-location",

	"x-goog-expiration",
	"x-goog-generation",
	"x-goog-hash",
	"x-goog-metageneration",
	"x-goog-storage-class",
	"x-goog-stored-content-encoding",
	"x-goog-stored-content-length",
	"x-guploader-response-body-transformations",
	"x-guploader-uploadid",

	"x-minio-deployment-id",
	"x-minio-error-code",
	"x-minio-error-desc",
	"x-minio-healing-drives",
	"x-minio-read-quorum",
	"x-minio-replication-actual-object-size",
	"x-minio-replication-ssec-crc",
	"x-minio-server-status",
	"x-minio-write-quorum",
	"x-ratelimit-limit",
	"x-ratelimit-remaining",

	"x-rgw-object-type",

	"x-delete-at",
	"x-object-manifest",
	"x-openstack-request-id",
	"x-static-large-object",
	"x-timestamp",
	"x-trans-id",

	"x-ms-access-tier",
	"x-ms-access-tier-change-time",
	"x-ms-access-tier-inferred",
	"x-ms-blob-committed-block-count",
	"x-ms-blob-content-md5",
	"x-ms-blob-sequence-number",
	"x-ms-blob-type",
	"x-ms-client-request-id",
	"x-ms-copy-completion-time",
	"x-ms-copy-id",
	"x-ms-copy-progress",
	"x-ms-copy-source",
	"x-ms-copy-status",
	"x-ms-creation-time",
	"x-ms-encryption-scope",
	"x-ms-is-current-version",
	"x-ms-last-access-time",
	"x-ms-lease-duration",
	"x-ms-lease-state",
	"x-ms-lease-status",
	"x-ms-or-policy-id",
	"x-ms-request-id",
	"x-ms-server-encrypted",
	"x-ms-tag-count",
	"x-ms-version",
	"x-ms-version-id",
}
