package ledger

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
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

// What returns a text that says which file of which subject it is, to those who know
// both: a hash of 26 letters and digits.
func (d Download) What() string {
	d = d.shortened()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s%s", len(d.Subject), d.Subject, len(d.Name), d.Name, d.Source))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}
