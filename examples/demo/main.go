// Command demo shows every kind of view and storage side by side in a browser: the
// names of the saved files, and the headers that are sent, without a proxy and with one
// in front.
//
//	go run ./demo
//
// Its files are in memory, or in a temporary folder that is removed at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen, as `HOST:PORT`; port 0 takes a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, os.Stderr); err != nil {
		log.Fatal("demo: ", err)
	}
}

// run serves until ctx is done. It prints its URL on out.
func run(ctx context.Context, listen string, out io.Writer) (err error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; want a free address of this machine", listen, err)
	}
	defer ln.Close()
	s, err := openStock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	handler, err := newDemo(s)
	if err != nil {
		return err
	}

	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	fmt.Fprintf(out, "listening on http://%s/\n", ln.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	return server.Close()
}
