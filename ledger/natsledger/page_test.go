package natsledger_test

import (
	"time"

	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/natsledger"
)

// The code of docs/ledger.md.
func pageNATS() (*ledger.Ledger, error) {
	entries, err := natsledger.Connect("nats://app:password@n1,nats://app:password@n2,nats://app:password@n3", nil)
	if err != nil {
		return nil, err
	}
	l := ledger.New(entries, &ledger.Options{Timeout: 10 * time.Second})
	return l, nil
}

var _ = pageNATS
