package redisledger_test

import (
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/redisledger"
)

// The code of docs/ledger.md.
func pageRedis() (*ledger.Ledger, error) {
	entries, err := redisledger.Connect("redis://:password@redis:6379/0", nil)
	if err != nil {
		return nil, err
	}
	l := ledger.New(ledger.NewQueue(entries, nil), nil)
	return l, nil
}

var _ = pageRedis
