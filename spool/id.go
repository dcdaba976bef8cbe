package spool

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// An ID names content: two requests with the same ID get the same bytes.
type ID struct {
	// Key says what it is, such as "sales/2026-10" or a user's number and the kind
	// of report. It must not be empty.
	Key string

	// Version changes when the content does: the time or the number of the last
	// change of the data, the entity tag of an original, a hash of parameters. ""
	// means that the content never changes, until [Spool.Forget].
	Version string
}

func (id ID) check() error {
	if id.Key == "" {
		return errors.New("spool: the key of the content is empty")
	}
	return nil
}

// name returns the name of the content's file. The length of the key is hashed too,
// so that no other key and version have the same bytes.
func (id ID) name() string {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(id.Key))))
	h.Write([]byte(id.Key))
	h.Write([]byte(id.Version))
	return hex.EncodeToString(h.Sum(nil))
}

// isName reports whether s is a name as name makes it.
func isName(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}
