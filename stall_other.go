//go:build !linux

package downloadview

import "net"

// unsent returns false: the number is known only on Linux.
func unsent(net.Conn) (n int, known bool) { return 0, false }
