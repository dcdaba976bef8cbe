package command

import (
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// A notifier tells systemd the state of the service, if $NOTIFY_SOCKET is set.
type notifier struct {
	logger *slog.Logger
	failed sync.Once
	url    atomic.Pointer[string] // at which the server is ready; nil: it is not yet
}

// isNotified reports whether systemd wants to know the state of the service.
func isNotified() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

func (n *notifier) tell(lines ...string) {
	if !isNotified() {
		return
	}
	if err := send(os.Getenv("NOTIFY_SOCKET"), strings.Join(lines, "\n")); err != nil {
		n.failed.Do(func() {
			n.logger.Warn("systemd can't be told the state of the service; only this failure is logged", "error", err)
		})
	}
}

// send is SdNotify of package daemon, but doesn't wait for ever if nobody reads.
func send(socket, message string) error {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = c.Write([]byte(message))
	return err
}

// ready says that connections to url are accepted.
func (n *notifier) ready(url string) {
	n.url.Store(&url)
	n.reloaded()
}

// reloading says that files are read again, until reloaded is called.
func (n *notifier) reloading() {
	if n.url.Load() == nil {
		return
	}
	n.tell(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()), "STATUS=Reading its files again")
}

func (n *notifier) reloaded() {
	if url := n.url.Load(); url != nil {
		n.tell(daemon.SdNotifyReady, "STATUS=Serving at "+*url)
	}
}

// stopping says that running downloads may continue for grace. systemd's own
// TimeoutStopSec may be shorter.
func (n *notifier) stopping(grace time.Duration) {
	n.tell(daemon.SdNotifyStopping, "STATUS=Stopping; running downloads may continue for "+grace.String(),
		"EXTEND_TIMEOUT_USEC="+strconv.FormatInt((grace+afterGrace).Microseconds(), 10))
}

// afterGrace is enough for a server to close its connections and to write its log.
const afterGrace = 5 * time.Second
