package downloadview

import (
	"strconv"
	"strings"
	"time"
)

// earliest is 1981-01-01 UTC, the first second that stands for a change of a
// file. Container images, package managers and archives set earlier ones, the
// epoch, the second after it or the beginning of 1980 in any time zone, on all
// files alike: another version has the same time, and often the same size.
const earliest = 347155200

// UsefulModTime reports whether t may stand for one version of a file, so that
// validators can be made of it. That is so from 1981 on. It is for authors of
// storages that make entity tags of their own; for the rest, [AttributesOf] and
// the handler see to it.
func UsefulModTime(t time.Time) bool { return t.Unix() >= earliest }

// saysNothing reports whether t is the time of a file, and yet not that of a
// change. A zero time is one that is not known.
func saysNothing(t time.Time) bool { return !t.IsZero() && !UsefulModTime(t) }

// dropTagOfTime removes an entity tag that a storage, or the server behind it,
// has made of a time that says nothing and the size.
func (a *Attributes) dropTagOfTime() {
	if a.ETag != "" && saysNothing(a.ModTime) && isMadeOf(a.ETag, a.ModTime, a.Size) {
		a.ETag = ""
	}
}

// isMadeOf reports whether tag is time and size in one of the forms that file
// servers give them: seconds, microseconds or nanoseconds, in any base that is
// in use, and in either order.
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
