package downloadview

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// The number of unsent bytes in a socket decreases when the other side reads.
func TestUnsent(t *testing.T) {
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		t.Run(network, func(t *testing.T) {
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			reader, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			writer, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Close()
			sent := 0
			for sent == 0 { // a busy machine may come to the write after its deadline
				writer.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
				sent, _ = writer.Write(make([]byte, 32<<20))
			}
			full, known := unsent(writer)
			if !known || full <= 0 {
				t.Fatalf("%d bytes wait, known: %v; %d were taken", full, known, sent)
			}
			if _, err := io.CopyN(io.Discard, reader, int64(sent)); err != nil {
				t.Fatal(err)
			}
			for {
				if n, _ := unsent(writer); n < full {
					break
				}
			}
		})
	}
}
