package command

import (
	"errors"
	"net/url"
	"os"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/middleware/redislease"
)

// openLeases returns the leases that are kept at a place of [config.CheckLeaseStore],
// and a function that releases them. "" is the memory. A store gets no request before
// the first link with a number of downloads.
func openLeases(place string) (*middleware.Leases, func() error, error) {
	if place == "" || place == "memory" {
		return middleware.NewLeases(memlease.New(nil), nil), func() error { return nil }, nil
	}
	u, err := url.Parse(place)
	if err != nil {
		return nil, nil, errors.New("--links: this is not a URL") // CheckLeaseStore has refused it
	}
	if password := os.Getenv("REDISCLI_AUTH"); password != "" && u.User == nil {
		u.User = url.UserPassword("", password)
	}
	store, err := redislease.Open(u.String(), nil)
	if err != nil {
		return nil, nil, usageErrorf("--links %q: %w", config.ShownLeaseStore(place), err)
	}
	return middleware.NewLeases(store, nil), store.Close, nil
}
