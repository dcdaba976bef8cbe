package downloadview

import (
	"strconv"
	"strings"
	"time"
)

// earliest is 1981-01-01 UTC, the first second that counts as a time of change.
// Container images, package managers and archives set all files to an earlier
// time: the epoch, the second after it, or the beginning of 1980 in some time
// zone. Another version then has the same time, and often the same size.
const earliest = 347155200

// UsefulModTime reports whether t can stand for one version of a file, so that
// validators can be made of it: every time from 1981 on. It is for authors of
// storages that make their own entity tags. [AttributesOf] and the handler call
// it for all others.
func UsefulModTime(t time.Time) bool { return t.Unix() >= earliest }

// saysNothing reports whether t is known but too early to be the time of a
// change.
func saysNothing(t time.Time) bool { return !t.IsZero() && !UsefulModTime(t) }

// dropTagOfTime removes an entity tag that a storage, or the server behind it,
// has made of the size and of a time that is too early.
func (a *Attributes) dropTagOfTime() {
	if a.ETag != "" && saysNothing(a.ModTime) && isMadeOf(a.ETag, a.ModTime, a.Size) {
		a.ETag = ""
	}
}

// isMadeOf reports whether tag consists of time and size in one of the forms of
// file servers: seconds, milliseconds, microseconds or nanoseconds, in base 10,
// 16 or 36, and in either order.
func isMadeOf(tag string, t time.Time, size int64) bool {
	opaque := strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
	for _, base := range []int{10, 16, 36} {
		length := strconv.FormatInt(size, base)
		for _, moment := range []int64{t.Unix(), t.UnixMilli(), t.UnixMicro(), t.UnixNano()} {
			at := strconv.FormatInt(moment, base)
			switch opaque {
			case at, at + "-" + length, length + "-" + at, at + length:
				return true
			}
			// Apache may be told to put the number of the inode in front.
			if strings.HasSuffix(opaque, "-"+length+"-"+at) {
				return true
			}
		}
	}
	return false
}
