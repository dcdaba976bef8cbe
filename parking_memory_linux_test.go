//go:build !386

package downloadview_test

import (
	"bytes"
	"io"
	"math"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/leaktest"
)

const (
	stalledClients = 2000
	slowClients    = 500
	parkedSize     = 640 << 10
	// takenBefore is more than the sockets of both sides hold, and so much less than
	// parkedSize that they don't hold the rest.
	takenBefore = 256 << 10
	// mostStack is the KiB of a stack that has grown.
	mostStack = 4
)

// 2,000 clients that read nothing and 500 slow ones take little memory. Afterwards all
// have the bytes of the file, and nothing is left of them.
func TestMemoryOfParkedDownloads(t *testing.T) {
	if testing.Short() {
		t.Skip("has 2,500 clients")
	}
	if raceBuilt {
		t.Skip("the race detector takes memory, too")
	}
	for name, c := range map[string]struct {
		k    parkCase
		most float64 // KiB of heap and stacks for a client: a quarter more than was measured
	}{
		"disk":   {parkCase{}, 8},
		"object": {parkCase{file: asResumed}, 9.5},
	} {
		t.Run(name, func(t *testing.T) {
			s := newParkSite(t, parkCase{size: parkedSize, file: c.k.file, buffer: 16 << 10})
			warm, resp := s.get(t, "HTTP/1.1")
			s.awaitParked(t, 1)
			io.Copy(io.Discard, resp.Body)
			s.outcome(t)
			warm.Close()
			check := leaktest.Watch(t)

			before := memoryInUse()
			each := func() (all, stacks float64) {
				now := memoryInUse()
				of := func(n int64) float64 { return float64(n) / stalledClients / 1024 }
				stacks = of(now.stacks - before.stacks)
				return of(now.heap-before.heap) + stacks, stacks
			}
			clients := make([]*bareClient, stalledClients)
			for i := range clients {
				clients[i] = s.bareClient(t)
			}
			s.awaitParked(t, stalledClients)
			// So many handlers at once make Go begin goroutines with large stacks until the
			// collection after them. Then each client takes a piece, and rests again.
			memoryInUse()
			forSome(clients, func(b *bareClient) { b.take(t, s.content, takenBefore) })
			all, stacks, last := 0.0, 0.0, math.Inf(1)
			for range 100 { // the last ones may not rest yet
				if all, stacks = each(); all <= c.most && stacks < mostStack && last-all < 0.1 {
					break
				}
				last = all
				time.Sleep(50 * time.Millisecond)
			}
			if open := s.parking.Open(); open != stalledClients {
				t.Errorf("%d downloads are parked, want %d", open, stalledClients)
			}
			t.Logf("%.1f KiB a client, %.1f of them stacks", all, stacks)
			if all > c.most || stacks >= mostStack {
				t.Errorf("%.1f KiB a client, %.1f of them stacks; want at most %v, and less than %v", all, stacks, c.most, mostStack)
			}

			var slow sync.WaitGroup
			for range slowClients {
				slow.Go(func() {
					b := s.bareClient(t)
					b.pause = time.Millisecond
					b.check(t, s.content)
				})
			}
			slow.Wait()
			forSome(clients, func(b *bareClient) { b.check(t, s.content) })
			for range stalledClients + slowClients {
				if o := s.outcome(t); o.Bytes != parkedSize || o.Err != nil {
					t.Fatalf("outcome %+v", o)
				}
			}
			check()
		})
	}
}

// forSome calls f for each client, and for some at once: each has a thread of the system.
func forSome(clients []*bareClient, f func(*bareClient)) {
	var all sync.WaitGroup
	some := make(chan struct{}, 16)
	for _, b := range clients {
		some <- struct{}{}
		all.Go(func() {
			f(b)
			<-some
		})
	}
	all.Wait()
}

// A memory is the bytes that are in use.
type memory struct{ heap, stacks int64 }

func memoryInUse() memory {
	var m runtime.MemStats
	for range 3 { // a stack shrinks step by step
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return memory{int64(m.HeapAlloc), int64(m.StackInuse)}
}

// A bareClient is a socket without anything of Go, which would count.
type bareClient struct {
	fd    int
	pause time.Duration // before each read
	body  bool          // the header has been read
	took  int           // of the body
}

// bareClient sends a request and reads nothing.
func (s *parkSite) bareClient(t testing.TB) *bareClient {
	a := s.Addr().(*net.TCPAddr)
	to := &syscall.SockaddrInet4{Port: a.Port}
	copy(to.Addr[:], a.IP.To4())
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 96<<10) // less than a packet of this machine would take long
	}
	if err == nil {
		err = syscall.Connect(fd, to)
	}
	if err == nil {
		_, err = syscall.Write(fd, []byte("GET /a.bin HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8\r\nAccept: */*\r\nConnection: close\r\n\r\n"))
	}
	if err != nil {
		t.Error(err)
	}
	return &bareClient{fd: fd}
}

// check reads the answer to its end, which has to have the content, and closes the socket.
func (b *bareClient) check(t testing.TB, content []byte) {
	defer syscall.Close(b.fd)
	if b.take(t, content, len(content)+1); b.took != len(content) {
		t.Errorf("read %d bytes; want the %d of the content", b.took, len(content))
	}
}

// take reads until it has most bytes of the body, or more, or the answer ends. They have to
// be those of the content.
func (b *bareClient) take(t testing.TB, content []byte, most int) {
	piece := make([]byte, 32<<10)
	for b.took < most {
		time.Sleep(b.pause)
		n, err := syscall.Read(b.fd, piece)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		got := piece[:n]
		if !b.body { // the header comes with the first packet
			_, got, b.body = bytes.Cut(got, []byte("\r\n\r\n"))
		}
		if !bytes.HasPrefix(content[min(b.took, len(content)):], got) {
			t.Errorf("other bytes than those of the content, after %d", b.took)
			return
		}
		b.took += len(got)
	}
}
