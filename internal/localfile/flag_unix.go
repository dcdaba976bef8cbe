//go:build unix

package localfile

import (
	"os"
	"syscall"
)

// Flag opens pipes and devices without waiting, and no terminal becomes ours by
// being named. It means nothing to a regular file.
const Flag = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY
