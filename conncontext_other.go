//go:build !linux

package downloadview

// holds reports whether the connection can hold bytes back until more follow.
func (*stallConn) holds() bool { return false }

func (*stallConn) push() {}

// A holder is needed on Linux only.
type holder struct{}

func (*stallConn) hold([]byte) int { return 0 }
