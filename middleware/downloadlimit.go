package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
)

// A DownloadLimit limits how many downloads are open at once: in all, and for each key,
// such as a client ([Clients.Key]), a user or a view. A request beyond the limit waits
// in a queue for a short time, or is answered 503 with Retry-After. [NewDownloadLimit]
// makes one; several goroutines may use it, and several handlers may share it.
//
// Requests of one key wait in the order in which they came, and keys take turns, so that
// nobody waits longer because another client asks for more. If the queue is full, the
// newest request of the key with the most waiting ones makes room for a request of a
// key with fewer. A client that goes away leaves the queue. The time in the queue doesn't
// count for the WriteTimeout of an [http.Server].
//
// A download is open until its handler returns, in whatever way; with
// [downloadview.Parking], until it is over. HEAD and OPTIONS, whose
// answers have no body, are not limited. Any other answer without a body, such as a 304,
// is open only as long as it takes to decide it.
//
// If a proxy sends the file, the handler returns long before the download is over. Such
// a download is not counted any more, unless [DownloadLimitOptions.HandedOver] is set.
type DownloadLimit struct {
	o       DownloadLimitOptions
	limited atomic.Bool // there is a limit

	mu               sync.Mutex
	most, mostPerKey int
	open             int
	waiting          int
	keys             map[string]*limitedKey // those with open downloads or waiting requests
	turns            []*limitedKey          // those with waiting requests; the first one is next
}

// DownloadLimitOptions are the options of [NewDownloadLimit].
type DownloadLimitOptions struct {
	// Most is how many downloads may be open at once. 0 is any number.
	Most int

	// MostPerKey is the same for each key. 0 is any number.
	MostPerKey int

	// Key returns the key of a request. "" is a key like any other. nil means that
	// all requests have the same key.
	Key func(*http.Request) string

	// Queue is how many requests may wait. 0 lets none wait.
	Queue int

	// Wait is how long a request may wait. 0 means 10 seconds.
	Wait time.Duration

	// HandedOver is how long a download counts as open after a proxy was told to
	// send the file. How long the proxy needs isn't known; nearly all downloads
	// should be over by then. 0 means that it isn't counted. Handler must then stand
	// outside of the [downloadview.Use] of an accelerator, or it doesn't see that a
	// file is handed over.
	HandedOver time.Duration

	// RetryAfter is the Retry-After of a refusal, rounded up to seconds. 0 means 10
	// seconds.
	RetryAfter time.Duration

	// Refused answers a request that is not let in. err is [ErrTooManyDownloads], or
	// wraps the cause of the request's context if that ended while the request waited.
	// Retry-After is set. nil answers 503 with the status text.
	Refused func(w http.ResponseWriter, r *http.Request, err error)
}

// ErrTooManyDownloads means that a [DownloadLimit] doesn't let a request in. Its status
// is 503.
var ErrTooManyDownloads error = &downloadview.StatusError{Status: http.StatusServiceUnavailable, Err: errors.New("too many downloads at once")}

const (
	usualWait       = 10 * time.Second
	usualRetryAfter = 10 * time.Second
)

// NewDownloadLimit returns a limit with these options. nil options limit nothing until
// [DownloadLimit.Change]. It panics if a number or a time is negative.
func NewDownloadLimit(o *DownloadLimitOptions) *DownloadLimit {
	l := &DownloadLimit{keys: make(map[string]*limitedKey)}
	if o != nil {
		l.o = *o
	}
	if l.o.Queue < 0 || l.o.Wait < 0 || l.o.HandedOver < 0 || l.o.RetryAfter < 0 {
		panic(fmt.Sprintf("middleware: NewDownloadLimit: Queue %d, Wait %v, HandedOver %v, RetryAfter %v; want none of them negative",
			l.o.Queue, l.o.Wait, l.o.HandedOver, l.o.RetryAfter))
	}
	if l.o.Wait == 0 {
		l.o.Wait = usualWait
	}
	if l.o.RetryAfter == 0 {
		l.o.RetryAfter = usualRetryAfter
	}
	l.Change(l.o.Most, l.o.MostPerKey)
	return l
}

// Change sets the limits of a running server: how many downloads may be open in all and
// for each key; 0 is any number. Open downloads continue, although there may be too many
// for a lower limit. Downloads that began while there was no limit at all aren't
// counted. It panics if a number is negative.
func (l *DownloadLimit) Change(most, mostPerKey int) {
	if most < 0 || mostPerKey < 0 {
		panic(fmt.Sprintf("middleware: DownloadLimit: %d downloads, %d for each key; want no negative number", most, mostPerKey))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most, l.mostPerKey = most, mostPerKey
	l.limited.Store(most > 0 || mostPerKey > 0)
	l.admit()
}

// Open returns how many downloads are counted as open.
func (l *DownloadLimit) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Handler lets only as many downloads of next run at once as the limit allows. It is
// ordinary http middleware.
func (l *DownloadLimit) Handler(next http.Handler) http.Handler {
	below := next
	if l.o.HandedOver > 0 {
		below = downloadview.Use(watchHandover)(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.limited.Load() || r.Method == http.MethodHead || r.Method == http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		var name string
		if l.o.Key != nil {
			name = l.o.Key(r)
		}
		k, err := l.enter(w, r, name)
		if err != nil {
			l.refuse(w, r, err)
			return
		}
		if l.o.HandedOver <= 0 {
			defer downloadview.AfterAnswer(r, func() { l.leave(k) })
			below.ServeHTTP(w, r)
			return
		}
		watched := new(handover)
		defer func() {
			if field := watched.field; field != "" && len(w.Header()[field]) > 0 {
				time.AfterFunc(l.o.HandedOver, func() { l.leave(k) })
				return
			}
			downloadview.AfterAnswer(r, func() { l.leave(k) })
		}()
		below.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), handoverKey{}, watched)))
	})
}

func (l *DownloadLimit) refuse(w http.ResponseWriter, r *http.Request, err error) {
	seconds := (l.o.RetryAfter + time.Second - 1) / time.Second
	w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	if l.o.Refused != nil {
		l.o.Refused(w, r, err)
		return
	}
	downloadview.WriteError(w, r, http.StatusServiceUnavailable)
}

// A handover is the field by which a file was last offered to a proxy. The file is
// handed over only if the answer has the field.
type handover struct{ field string }

type handoverKey struct{}

// watchHandover is a [downloadview.Middleware] that notes the field of a hand-over.
func watchHandover(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		watched, ok := r.Context().Value(handoverKey{}).(*handover)
		if ok && err == nil && resp.Offloader != nil {
			resp.Offloader = watchedOffloader{resp.Offloader, watched}
		}
		return resp, err
	})
}

type watchedOffloader struct {
	downloadview.Offloader
	watched *handover
}

func (o watchedOffloader) Offload(r *http.Request, src downloadview.Source) (downloadview.Handover, bool) {
	h, ok := o.Offloader.Offload(r, src)
	if h.Link == nil || h.Link.Status == 0 { // not a redirect to the store
		o.watched.field = h.Field
	}
	return h, ok
}
