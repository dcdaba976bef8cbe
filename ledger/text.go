package ledger

import (
	"crypto/sha256"
	"encoding/hex"
)

// longestText is the length in bytes of the longest subject, name or source that is kept
// as it is. Clients can ask a proxy for long names of files that aren't there, and each
// would be an entry.
const longestText = 1024

// shortened returns s, or for a longer one its beginning and a hash, so that others stay
// others.
func shortened(s string) string {
	if len(s) <= longestText {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	hash := "…" + hex.EncodeToString(sum[:16])
	return s[:longestText-len(hash)] + hash
}

// shortened returns d with texts that are not too long.
func (d Download) shortened() Download {
	return Download{shortened(d.Subject), shortened(d.Name), shortened(d.Source)}
}
