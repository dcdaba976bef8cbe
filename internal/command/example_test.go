package command_test

import (
	"context"
	"fmt"
	"os"

	"github.com/downloadview/downloadview/internal/command"
)

func ExampleRun() {
	args := []string{"serve", "--accel", "iis", "/srv/media"}
	status := command.Run(context.Background(), args, os.Stdout, os.Stdout, nil)
	fmt.Println("status", status)
	// Output:
	// downloadview: --accel: no proxy is called "iis"; want nginx, apache, lighttpd or caddy, or one with a version such as caddy@2.6
	// status 2
}
