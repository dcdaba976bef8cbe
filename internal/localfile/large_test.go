package localfile_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/localfile"
)

// Where a word has 32 bits, Linux refuses a larger file unless the call that opens it says
// that it may be large. make soak runs this test there.
func TestMoreThan2GiB(t *testing.T) {
	root, err := localfile.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	h, err := root.Create("large")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Truncate(2 << 30); err != nil { // sparse
		t.Fatal(err)
	}
	if _, err := h.WriteAt([]byte("end"), 2<<30); err != nil {
		t.Fatal(err)
	}
	h, err = root.OpenRegular(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	end := make([]byte, 3)
	if _, err := h.ReadAt(end, 2<<30); err != nil || string(end) != "end" {
		t.Errorf("the last bytes are %q, %v, want end", end, err)
	}
}
