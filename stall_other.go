//go:build !linux

package downloadview

import "net"

// unsent is known on Linux only.
func unsent(net.Conn) (n int, known bool) { return 0, false }
