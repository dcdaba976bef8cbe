// Command downloadview serves the files of a directory or a bucket over HTTP. They are
// streamed, or sent by the proxy in front. See "downloadview serve --help".
package main

import (
	"context"
	"os"

	"github.com/downloadview/downloadview/internal/command"
)

func main() {
	os.Exit(command.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, open, check))
}
