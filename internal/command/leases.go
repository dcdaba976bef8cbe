package command

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/redis/go-redis/v9/logging"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/middleware/natslease"
	"github.com/downloadview/downloadview/middleware/redislease"
)

// A leaseStore is a [middleware.LeaseStore] that somebody has to close.
type leaseStore interface {
	middleware.LeaseStore
	Close() error
}

// leasesOf is openLeases for serve. The error names the flag, or the line of the file.
func leasesOf(c *config.Config, o *middleware.LeasesOptions) (*middleware.Leases, func() error, error) {
	leases, release, err := openLeases(c.Links, o)
	switch {
	case err != nil && c.LinksLine > 0:
		return nil, nil, inFile(c, c.LinksLine, "links", &UsageError{err})
	case err != nil:
		return nil, nil, usageErrorf("--links %w", err)
	}
	return leases, release, nil
}

// openLeases returns the leases that are kept at a place that [config.CheckLeaseStore]
// accepts, and a function that releases them. "" is the memory. It doesn't wait for a
// store that can't be reached. The error begins with the place, without its secrets.
func openLeases(place string, o *middleware.LeasesOptions) (*middleware.Leases, func() error, error) {
	if place == "" || place == "memory" {
		return middleware.NewLeases(memlease.New(nil), o), func() error { return nil }, nil
	}
	var store leaseStore
	var err error
	urls := config.StoreURLs(place)
	switch urls[0].Scheme {
	case "nats", "tls":
		store, err = natslease.Open(withUser(urls, os.Getenv("NATS_USER"), os.Getenv("NATS_PASSWORD")), nil)
	default:
		logging.Disable() // its lines on stderr have another form; each 503 has the reason in the log
		store, err = redislease.Open(withUser(urls, "", os.Getenv("REDISCLI_AUTH")), nil)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", config.ShownStore(place), err)
	}
	return middleware.NewLeases(store, o), store.Close, nil
}

// withUser returns the URLs, with commas between, and with the user and the password in
// those that have neither.
func withUser(urls []*url.URL, user, password string) string {
	var texts []string
	for _, u := range urls {
		if u.User == nil && (user != "" || password != "") {
			u.User = url.UserPassword(user, password)
		}
		texts = append(texts, u.String())
	}
	return strings.Join(texts, ",")
}
