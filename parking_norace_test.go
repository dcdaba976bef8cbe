//go:build !race

package downloadview_test

// raceBuilt reports whether the race detector is on.
const raceBuilt = false
