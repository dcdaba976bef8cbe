//go:build !386

package downloadview_test

import (
	"bytes"
	"io"
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
	parkedSize     = 400 << 10
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
		"disk":   {parkCase{}, 10},
		"object": {parkCase{file: asResumed}, 12},
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
			clients := make([]*bareClient, stalledClients)
			for i := range clients {
				clients[i] = s.bareClient(t)
			}
			s.awaitParked(t, stalledClients)
			var each float64
			for range 5 { // the last handlers may be about to leave
				if each = float64(memoryInUse()-before) / stalledClients / 1024; each <= c.most {
					break
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Logf("%.1f KiB a client", each)
			if each > c.most {
				t.Errorf("%.1f KiB a client, want at most %v", each, c.most)
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
			var rest sync.WaitGroup
			some := make(chan struct{}, 16) // each has a thread of the system
			for _, b := range clients {
				some <- struct{}{}
				rest.Go(func() {
					b.check(t, s.content)
					<-some
				})
			}
			rest.Wait()
			for range stalledClients + slowClients {
				if o := s.outcome(t); o.Bytes != parkedSize || o.Err != nil {
					t.Fatalf("outcome %+v", o)
				}
			}
			check()
		})
	}
}

// memoryInUse returns the bytes of heap and stacks in use.
func memoryInUse() int64 {
	var m runtime.MemStats
	for range 3 { // a stack shrinks step by step
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// A bareClient is a socket without anything of Go, which would count.
type bareClient struct {
	fd    int
	pause time.Duration // before each read
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

// check reads the answer, which has to be the content, and closes the socket.
func (b *bareClient) check(t testing.TB, content []byte) {
	defer syscall.Close(b.fd)
	var got bytes.Buffer
	piece := make([]byte, 32<<10)
	for {
		time.Sleep(b.pause)
		n, err := syscall.Read(b.fd, piece)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			break
		}
		got.Write(piece[:n])
	}
	_, body, _ := bytes.Cut(got.Bytes(), []byte("\r\n\r\n"))
	if !bytes.Equal(body, content) {
		t.Errorf("read %d bytes of %d; want the content", len(body), len(content))
	}
}
