package command

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// dial connects to what "listening on" says.
func dial(listening string) (net.Conn, error) {
	if path, ok := strings.CutPrefix(listening, "http://unix:"); ok {
		return net.Dial("unix", path)
	}
	return net.Dial("tcp", strings.TrimPrefix(listening, "http://"))
}

// An exchange is a connection on which one request was made. The path goes
// out byte for byte, which http.Client can't do.
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

// fetch is ask for those who want the whole body.
func fetch(listening, method, path string, header ...string) (*http.Response, []byte, error) {
	x, err := ask(listening, method, path, header...)
	if err != nil {
		return nil, nil, err
	}
	defer x.Conn.Close()
	body, err := io.ReadAll(x.Body)
	return x.Response, body, err
}
