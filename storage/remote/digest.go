package remote

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"strings"
)

// digestKinds are the digests that are passed on, best first.
var digestKinds = []struct {
	name string
	size int
}{{"sha-512", sha512.Size}, {"sha-256", sha256.Size}, {"md5", md5.Size}}

// digestIn returns a value of Repr-Digest (RFC 9530) with the best digest of
// the file in a header. It looks at Repr-Digest, at its predecessor Digest (RFC
// 3230) and, if the answer has the whole file, at Content-Digest and
// Content-MD5.
func digestIn(h http.Header, whole bool) string {
	found := map[string]string{}
	if whole {
		note(found, "md5="+h.Get("Content-MD5"))
		note(found, h["Content-Digest"]...)
	}
	note(found, h["Digest"]...)
	note(found, h["Repr-Digest"]...)
	for _, kind := range digestKinds {
		if sum := found[kind.name]; sum != "" {
			return kind.name + "=:" + sum + ":"
		}
	}
	return ""
}

// note adds the valid digests of lines to found, in base64, by their kinds.
func note(found map[string]string, lines ...string) {
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			name, sum, _ := strings.Cut(strings.Trim(member, " \t"), "=")
			if inner, ok := strings.CutPrefix(sum, ":"); ok {
				sum, _, _ = strings.Cut(inner, ":")
			}
			for _, kind := range digestKinds {
				if !strings.EqualFold(name, kind.name) {
					continue
				}
				if b, err := base64.StdEncoding.DecodeString(sum); err == nil && len(b) == kind.size {
					found[kind.name] = base64.StdEncoding.EncodeToString(b)
				}
			}
		}
	}
}
