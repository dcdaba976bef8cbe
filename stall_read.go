package downloadview

import (
	"net"
	"os"
	"sync"
	"time"
)

// A readDeadline gives a connection its deadline for reading when a read needs it. A
// net/http.Server sets six of them for each request, and three are replaced before
// anything is read.
type readDeadline struct {
	mu     sync.Mutex
	reads  int       // reads that are going on
	want   time.Time // that the connection's owner has set
	set    time.Time // that the connection has
	direct bool      // the connection may be read in another way
}

func (d *readDeadline) update(c net.Conn, t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want = t
	if d.reads == 0 && !d.direct {
		return nil
	}
	return d.apply(c)
}

// read reads from c, which the deadline belongs to.
func (d *readDeadline) read(c net.Conn, p []byte) (int, error) {
	d.mu.Lock()
	if isLongAgo(d.want) && len(p) > 0 {
		d.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	}
	d.reads++
	err := d.apply(c)
	d.mu.Unlock()
	n := 0
	if err == nil {
		n, err = c.Read(p)
	}
	d.mu.Lock()
	d.reads--
	d.mu.Unlock()
	return n, err
}

// expose makes the deadline right for reads that don't come by read.
func (d *readDeadline) expose(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.direct = true
	_ = d.apply(c)
}

// isLongAgo reports whether t was over before this program began. A net/http.Server sets
// such a deadline to end its read for the next request, which often hasn't begun.
func isLongAgo(t time.Time) bool { return !t.IsZero() && t.Unix() < thisCentury }

const thisCentury = 946684800 // 2000-01-01, in seconds after 1970

func (d *readDeadline) apply(c net.Conn) error {
	if d.want == d.set {
		return nil
	}
	err := c.SetReadDeadline(d.want)
	if err == nil {
		d.set = d.want
	}
	return err
}
