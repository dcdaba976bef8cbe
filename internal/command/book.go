package command

import (
	"context"
	"net/http"
	"time"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/middleware"
)

// ledgerFlags are the flags for the ledger.
type ledgerFlags struct {
	Ledger string `placeholder:"STORE" group:"Ledger:" help:"Keep an entry for each download: who, which file, how many bytes left, complete or not. The store is postgres://USER@HOST:PORT/DATABASE, redis://HOST:PORT, rediss://HOST:PORT (with TLS), unix:///PATH (of a socket of Redis), or nats://HOST:PORT or tls://HOST:PORT, of which there may be several with commas between; several servers may share it. If it can't be reached, downloads go on, up to 10000 of their requests wait, and the log says what is missing. The password may be in the environment: in PGPASSWORD, in REDISCLI_AUTH, or in NATS_PASSWORD with NATS_USER. docs/ledger.md explains how the bytes that a proxy sends come in. Default: no ledger."`
}

// apply sets the value of the flag in c, where it wins over the file.
func (f *ledgerFlags) apply(c *config.Config) error {
	if f.Ledger == "" {
		return nil
	}
	if err := config.CheckLedgerStore(f.Ledger); err != nil {
		return usageErrorf("--ledger %q %w", config.ShownStore(f.Ledger), err)
	}
	c.Ledger, c.LedgerLine = f.Ledger, 0
	return nil
}

// A book is the ledger of a server. A nil one keeps none.
type book struct {
	*ledger.Ledger
	queue *ledger.Queue
	store ledgerStore
	log   *accessLog
}

// openBook returns the book of the ledger of c, whose downloads log tells it of; nil if
// there is none.
func openBook(c *config.Config, log *accessLog) (*book, error) {
	if c.Ledger == "" {
		return nil, nil
	}
	store, err := ledgerStoreOf(c)
	if err != nil {
		return nil, err
	}
	b := &book{store: store, log: log}
	o := &ledger.QueueOptions{Logger: log.logger}
	if log.seen != nil {
		o.Observer = log.seen.Ledger()
	}
	b.queue = ledger.NewQueue(store, o)
	b.Ledger = ledger.New(b.queue, &ledger.Options{Subject: b.subject, Logger: log.logger})
	log.book = b.Ledger
	return b, nil
}

// subject returns who makes a request: the ID of the link, or else the client.
func (b *book) subject(r *http.Request) string {
	if link, ok := middleware.LinkOf(r); ok && link.ID != "" {
		return link.ID
	}
	return remoteOf(b.log.peers, r)
}

// around returns a handler that is around those of all downloads.
func (b *book) around(h http.Handler) http.Handler {
	if b == nil {
		return h
	}
	return b.Handler(h)
}

// leastFlush is how long the last parts may take to leave, also if the grace is over.
const leastFlush = time.Second

// close writes what waits, until ctx is done, and closes the store. Only the first call
// does something.
func (b *book) close(ctx context.Context) {
	if b == nil || b.store == nil {
		return
	}
	if err := b.queue.Close(ctx); err != nil {
		b.log.logger.Error("downloads are missing in the ledger", "error", err, "dropped", b.queue.Dropped())
	}
	b.store.Close()
	b.store = nil
}
