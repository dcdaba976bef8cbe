// Command downloadview serves the files of a directory or a bucket over HTTP,
// streamed or sent by the proxy in front. "downloadview serve --help" tells how.
package main

import (
	"context"
	"os"

	"github.com/downloadview/downloadview/internal/command"
)

func main() {
	os.Exit(command.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, open, check))
}
