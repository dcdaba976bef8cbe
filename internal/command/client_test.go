package command

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// dial connects to the URL after "listening on".
func dial(listening string) (net.Conn, error) {
	if path, ok := strings.CutPrefix(listening, "http://unix:"); ok {
		return net.Dial("unix", path)
	}
	return net.Dial("tcp", strings.TrimPrefix(listening, "http://"))
}

// An exchange is a connection with one request. The path is sent byte for byte, which
// http.Client can't do.
type exchange struct {
	net.Conn
	*http.Response
}

func ask(listening, method, path string, header ...string) (*exchange, error) {
	c, err := dial(listening)
	if err != nil {
		return nil, err
	}
	request := method + " " + path + " HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n"
	for _, h := range header {
		request += h + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		c.Close()
		return nil, err
	}
	return &exchange{c, resp}, nil
}

// fetch is ask, and reads the whole body.
func fetch(listening, method, path string, header ...string) (*http.Response, []byte, error) {
	x, err := ask(listening, method, path, header...)
	if err != nil {
		return nil, nil, err
	}
	defer x.Conn.Close()
	body, err := io.ReadAll(x.Body)
	return x.Response, body, err
}
