package command

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// limitFlags are the limits of what downloads take together.
type limitFlags struct {
	MaxDownloads          numberFrom1 `placeholder:"N" group:"Limits:" help:"How many downloads may be open at once. More requests wait for their turn: see --max-waiting. Pages of folders and HEAD requests don't count. Default: no limit."`
	MaxDownloadsPerClient numberFrom1 `placeholder:"N" group:"Limits:" help:"How many downloads of one client may be open at once. A client is an IPv4 address, or a /64 of IPv6; behind a proxy, set --trusted-proxies. Default: no limit."`
	MaxWaiting            numberFrom1 `placeholder:"N" group:"Limits:" help:"How many more requests may wait for their turn. Clients take turns. All others are answered 503. Default: 100."`
	MaxWait               patience    `placeholder:"DURATION" group:"Limits:" help:"How long a request may wait before it is answered 503. Default: 10s."`
	OffloadTime           patience    `placeholder:"DURATION" group:"Limits:" help:"How long a download that the proxy sends is counted as open, since the proxy doesn't say when it is done. Default: it isn't counted."`
	LeastRate             byteSize    `placeholder:"SIZE" group:"Limits:" help:"The least bytes a second that a client must accept of its download, such as 1kB, on average over --stall-timeout; its connection is closed otherwise. On Linux alone. Default: any rate."`
	LimitRateTotal        byteSize    `placeholder:"SIZE" group:"Limits:" help:"The most bytes a second that all downloads share, such as 100MB. Proxies can't share a rate, so all files are then streamed. Default: no limit."`
	LimitRatePerClient    byteSize    `placeholder:"SIZE" group:"Limits:" help:"The most bytes a second that the downloads of one client share. All files are then streamed. Default: no limit."`
}

// defaults for requests that wait.
const (
	defaultWaiting = 100
	defaultWait    = 10 * time.Second
)

// apply sets the values of the flags in c, where they win over the file, and the
// defaults.
func (f *limitFlags) apply(c *config.Limits) {
	c.LeastRate = cmp.Or(int64(f.LeastRate), c.LeastRate)
	l := &c.Downloads
	l.Max = cmp.Or(int(f.MaxDownloads), l.Max)
	l.MaxPerClient = cmp.Or(int(f.MaxDownloadsPerClient), l.MaxPerClient)
	l.Waiting = cmp.Or(int(f.MaxWaiting), l.Waiting, defaultWaiting)
	l.Wait = cmp.Or(time.Duration(f.MaxWait), l.Wait, defaultWait)
	l.OffloadTime = cmp.Or(time.Duration(f.OffloadTime), l.OffloadTime)
	l.Rate = cmp.Or(int64(f.LimitRateTotal), l.Rate)
	l.RatePerClient = cmp.Or(int64(f.LimitRatePerClient), l.RatePerClient)
}

// limits are the limits of a running server. They may change while it runs.
type limits struct {
	clients   *middleware.Clients
	settings  config.DownloadLimits
	atOnce    *middleware.DownloadLimit
	all, each *middleware.RateLimit
	rated     atomic.Bool // downloads share a rate
	log       *accessLog
}

// newLimits returns the limits of c. Refused requests are written to the log; nil logs
// none.
func newLimits(c *config.Config, log *accessLog) (*limits, error) {
	clients, err := parseTrusted(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	l := &limits{clients: clients, settings: c.Limits.Downloads, log: log}
	o := l.options(l.settings.Max)
	o.MostPerKey, o.Key = l.settings.MaxPerClient, clients.Key
	l.atOnce = middleware.NewDownloadLimit(o)
	l.all = middleware.NewRateLimit(l.settings.Rate, nil)
	l.each = middleware.NewRateLimit(l.settings.RatePerClient, &middleware.RateLimitOptions{Key: clients.Key})
	l.rated.Store(sharesRates(&l.settings))
	return l, nil
}

// options returns the options of a limit for most downloads in all.
func (l *limits) options(most int) *middleware.DownloadLimitOptions {
	return &middleware.DownloadLimitOptions{
		Most: most, Queue: l.settings.Waiting, Wait: l.settings.Wait,
		HandedOver: l.settings.OffloadTime, RetryAfter: l.settings.Wait, Refused: l.refused,
	}
}

// change sets the limits that may change while the server runs.
func (l *limits) change(d *config.DownloadLimits) {
	l.atOnce.Change(d.Max, d.MaxPerClient)
	l.all.Change(d.Rate)
	l.each.Change(d.RatePerClient)
	l.rated.Store(sharesRates(d))
}

func sharesRates(d *config.DownloadLimits) bool { return d.Rate > 0 || d.RatePerClient > 0 }

// rates is a [downloadview.Middleware] for the rates that downloads share.
func (l *limits) rates(v downloadview.View) downloadview.View { return l.all.View(l.each.View(v)) }

// mountLimits are the limits of a mount. All of its handlers share them.
type mountLimits struct {
	*limits
	mount *config.Mount
	own   *middleware.DownloadLimit // nil: none
}

func (l *limits) at(m *config.Mount) mountLimits {
	if m.MaxDownloads == 0 {
		return mountLimits{l, m, nil}
	}
	return mountLimits{l, m, middleware.NewDownloadLimit(l.options(m.MaxDownloads))}
}

// variants returns a view of files, or of their variants.
func (l mountLimits) variants(files downloadview.StorageView) downloadview.View {
	if l.mount.Precompressed {
		return middleware.NewVariants(files.Storage, nil).View(files)
	}
	return files
}

// view returns v with the middleware of the mount.
func (l mountLimits) view(v downloadview.View) downloadview.View {
	return l.rates(middleware.CleanNames(v))
}

// downloads returns a handler for a view. The limit of the mount is outside of that for
// all mounts: a request that waits for the mount takes no place of the others.
func (l mountLimits) downloads(v downloadview.View, o *downloadview.Options) http.Handler {
	h := l.atOnce.Handler(&ratedHandler{
		limits: l.limits,
		alone:  downloadview.NewHandler(middleware.CleanNames(v), o),
		shared: downloadview.NewHandler(l.view(v), o),
	})
	if l.own != nil {
		h = l.own.Handler(h)
	}
	return h
}

// A ratedHandler calls one of two handlers. The one for shared rates costs more, because
// each middleware copies the Response.
type ratedHandler struct {
	*limits
	alone, shared http.Handler
}

func (h *ratedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.rated.Load() {
		h.shared.ServeHTTP(w, r)
		return
	}
	h.alone.ServeHTTP(w, r)
}

// refused answers a request that is beyond the limits, and logs it.
func (l *limits) refused(w http.ResponseWriter, r *http.Request, err error) {
	l.log.wrap(func(w http.ResponseWriter, r *http.Request) downloadview.AbortedBy {
		tellReason(w, err)
		downloadview.WriteError(w, r, http.StatusServiceUnavailable)
		if errors.Is(err, middleware.ErrTooManyDownloads) {
			return downloadview.NotAborted
		}
		return endedBy(r)
	}).ServeHTTP(w, r)
}

// warnOfSharedRates logs that nothing is handed over, if that is so, and which proxies send
// files without asking.
func (s *serve) warnOfSharedRates(c *config.Config, logger *slog.Logger) {
	l := &c.Limits.Downloads
	if !sharesRates(l) || len(c.Rules) == 0 && s.Accel == "" {
		return
	}
	logger.Warn("downloads share a rate, so all are streamed and the rules have no effect; --limit-rate is for each download alone, and nginx keeps to it")
	for _, p := range c.Proxies {
		if p.VerifyLinks != "" {
			logger.Warn("nginx sends files whose links it verifies without the rate that downloads share; set limit_rate of their mounts or rules", "proxy", p.Name)
		}
	}
}
