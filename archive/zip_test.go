package archive_test

import (
	"testing"

	"github.com/downloadview/downloadview/archive"
)

// Other programs read what was made of sizes alone.
func TestZipFramed(t *testing.T) {
	members := several()
	wantZip(t, read(t, archive.Zip("a.zip", archive.Of(entriesOf(members)...), nil)), members)
}
