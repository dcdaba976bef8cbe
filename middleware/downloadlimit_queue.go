package middleware

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A limitedKey is what a [DownloadLimit] knows about one key.
type limitedKey struct {
	name    string
	open    int
	waiting []*waitingRequest // the oldest first
}

// A waitingRequest waits until done is closed.
type waitingRequest struct {
	done     chan struct{}
	admitted bool // else it made room in the queue
}

// enter returns the key with one more open download, as soon as the limits allow it. The
// caller calls leave at the end of the download.
func (l *DownloadLimit) enter(w http.ResponseWriter, r *http.Request, name string) (*limitedKey, error) {
	k, request, err := l.ask(name)
	if request == nil {
		return k, err
	}
	defer withoutWriteTimeout(w, r)()
	ctx := r.Context()
	timer := time.NewTimer(l.o.Wait)
	defer timer.Stop()
	select {
	case <-request.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	admitted := l.stopWaiting(k, request)
	switch {
	case ctx.Err() != nil:
		if admitted {
			l.leave(k)
		}
		return nil, fmt.Errorf("while the request waited for its turn: %w", context.Cause(ctx))
	case !admitted:
		return nil, ErrTooManyDownloads
	}
	return k, nil
}

// withoutWriteTimeout suspends the server's WriteTimeout, which is for sending an answer and
// not for waiting with it: it would end a stream of HTTP/2, and leave no time for a refusal.
func withoutWriteTimeout(w http.ResponseWriter, r *http.Request) (resume func()) {
	s, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	c := http.NewResponseController(w)
	if !ok || s.WriteTimeout <= 0 || c.SetWriteDeadline(time.Time{}) != nil {
		return func() {}
	}
	return func() { _ = c.SetWriteDeadline(time.Now().Add(s.WriteTimeout)) }
}

// ask returns the key with one more open download, or with a request that waits for it.
func (l *DownloadLimit) ask(name string) (*limitedKey, *waitingRequest, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.keys[name]
	if k == nil {
		k = &limitedKey{name: name}
	}
	// A key that has room while there is room in all has no waiting request: see admit.
	if l.hasRoom() && l.hasRoomFor(k) {
		l.keys[name] = k
		l.open++
		k.open++
		return k, nil, nil
	}
	if l.o.Queue == 0 || l.waiting >= l.o.Queue && !l.makeRoom(len(k.waiting)) {
		return nil, nil, ErrTooManyDownloads
	}
	l.keys[name] = k
	request := &waitingRequest{done: make(chan struct{})}
	if len(k.waiting) == 0 {
		l.turns = append(l.turns, k)
	}
	k.waiting = append(k.waiting, request)
	l.waiting++
	return k, request, nil
}

// makeRoom ends the newest request of the key with the most waiting ones, unless that
// key would then have fewer of them than the key that needs the room, which has n.
func (l *DownloadLimit) makeRoom(n int) bool {
	longest := l.turns[0]
	for _, k := range l.turns {
		if len(k.waiting) > len(longest.waiting) {
			longest = k
		}
	}
	if len(longest.waiting) <= n+1 {
		return false
	}
	last := longest.waiting[len(longest.waiting)-1]
	l.remove(longest, last)
	close(last.done)
	return true
}

// stopWaiting takes the request out of the queue, and reports whether it has been
// admitted.
func (l *DownloadLimit) stopWaiting(k *limitedKey, request *waitingRequest) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !request.admitted {
		l.remove(k, request)
	}
	return request.admitted
}

// remove takes a request out of the queue, if it is there.
func (l *DownloadLimit) remove(k *limitedKey, request *waitingRequest) {
	i := slices.Index(k.waiting, request)
	if i < 0 {
		return
	}
	k.waiting = slices.Delete(k.waiting, i, i+1)
	l.waiting--
	if len(k.waiting) == 0 {
		l.turns = slices.DeleteFunc(l.turns, func(other *limitedKey) bool { return other == k })
		l.forget(k)
	}
}

// leave ends a download of k.
func (l *DownloadLimit) leave(k *limitedKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	k.open--
	l.admit()
	l.forget(k)
}

// admit lets in all waiting requests that there is room for. Each key with room gets one
// in turn.
func (l *DownloadLimit) admit() {
	for l.hasRoom() {
		i := slices.IndexFunc(l.turns, l.hasRoomFor)
		if i < 0 {
			return
		}
		k := l.turns[i]
		request := k.waiting[0]
		l.turns = slices.Delete(l.turns, i, i+1)
		k.waiting = slices.Delete(k.waiting, 0, 1)
		if len(k.waiting) > 0 {
			l.turns = append(l.turns, k)
		}
		l.waiting--
		l.open++
		k.open++
		request.admitted = true
		close(request.done)
	}
}

func (l *DownloadLimit) hasRoom() bool { return l.most == 0 || l.open < l.most }

func (l *DownloadLimit) hasRoomFor(k *limitedKey) bool {
	return l.mostPerKey == 0 || k.open < l.mostPerKey
}

// forget frees the memory of a key that has neither open nor waiting requests.
func (l *DownloadLimit) forget(k *limitedKey) {
	if k.open == 0 && len(k.waiting) == 0 {
		delete(l.keys, k.name)
	}
}
