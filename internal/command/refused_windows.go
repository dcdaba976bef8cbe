package command

import "syscall"

// connectionRefused is WSAECONNREFUSED; syscall.ECONNREFUSED is another number.
const connectionRefused = syscall.Errno(10061)
