//go:build unix

package localfile

import (
	"os"
	"syscall"
)

// Flag opens pipes and devices without waiting, and keeps a terminal from
// becoming the process's controlling terminal. It has no effect on regular
// files.
const Flag = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY | Large
