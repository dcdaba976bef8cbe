package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// compare notes the clock of a server if it is wrong. The server answered between began
// and ended; its Date has whole seconds.
func (t *tier) compare(kind string, server room.Attempt, began, ended time.Time) {
	if server.Addr == "" || server.Date.IsZero() {
		return
	}
	name := kind + " " + server.Addr
	least, most := server.Date.Sub(ended), server.Date.Add(time.Second).Sub(began)
	if least > longestSkew || most < -longestSkew {
		t.skews[name] = (least + most) / 2
		return
	}
	t.right++
}

// checkClocks reports the clocks of applications and cache nodes.
func (e *exam) checkClocks(t *tier) {
	const name = "tier-clock"
	var wrong []string
	for _, server := range slices.Sorted(maps.Keys(t.skews)) {
		skew := t.skews[server]
		for other, as := range e.skews {
			if (skew - as).Abs() <= longestSkew {
				e.skip(name, other+" failed, by as much")
				return
			}
		}
		way := "ahead"
		if skew < 0 {
			way = "behind"
		}
		wrong = append(wrong, fmt.Sprintf("%s is %v %s", server, skew.Abs().Round(time.Second), way))
	}
	switch {
	case wrong != nil:
		e.failed(name, finding{
			"these clocks differ from that of this machine, so signed URLs are not valid yet, or expire early: " + strings.Join(wrong, ", "),
			"synchronise the clocks of these machines (timedatectl set-ntp true)",
		}, "%s", strings.Join(wrong, ", "))
	case t.right == 0:
		e.skip(name, "the edge says nothing of clocks")
	default:
		e.ok(name, "within %v: applications and cache nodes", longestSkew)
	}
}
