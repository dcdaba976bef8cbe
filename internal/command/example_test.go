package command_test

import (
	"context"
	"fmt"
	"os"

	"github.com/downloadview/downloadview/internal/command"
)

func ExampleRun() {
	args := []string{"serve", "--accel", "caddy@two", "/srv/media"}
	status := command.Run(context.Background(), args, os.Stdout, os.Stdout, nil)
	fmt.Println("status", status)
	// Output:
	// downloadview: --accel: version "two" of proxy "caddy@two" is not valid; want two numbers, such as 2.6
	// status 2
}
