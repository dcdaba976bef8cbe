package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/downloadview/downloadview/storage/remote"
)

// openOrigin starts a server with the same folder, in the role of another machine, and
// opens a storage of its files.
func (s *stock) openOrigin(context.Context) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServerFS(s.folder.FS()), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		server.Serve(ln) // says only that it was closed
		close(done)
	}()
	s.onClose(func() error {
		err := server.Close()
		<-done
		return err
	})

	// Package remote refuses loopback addresses unless they are allowed: this
	// allows one address and one port.
	addr := ln.Addr().(*net.TCPAddr).AddrPort()
	s.originURL = &url.URL{Scheme: "http", Host: addr.String()}
	s.origin, err = remote.New(s.originURL, &remote.Options{Allow: remote.Allow{
		Prefixes: []netip.Prefix{netip.PrefixFrom(addr.Addr(), addr.Addr().BitLen())},
		Ports:    []uint16{addr.Port()},
	}})
	if err != nil {
		return err
	}
	s.onClose(func() error {
		s.origin.CloseIdleConnections()
		return nil
	})
	return nil
}
