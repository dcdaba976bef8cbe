//go:build !unix

package command

import "os"

func flushAtDeath(*lineBuffer, ...os.Signal) (stop func()) { return func() {} }
