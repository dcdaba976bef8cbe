package bucket_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/bucket"
)

func TestQuoted(t *testing.T) {
	for sent, want := range map[string]string{`"abc"`: `"abc"`, `abc`: `"abc"`, `W/"abc"`: `W/"abc"`, "": ""} {
		if got := bucket.Quoted(sent); got != want {
			t.Errorf("Quoted(%s) = %q, want %q", sent, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	var none, some int64 = 0, 7
	for n, want := range map[*int64]int64{nil: -1, &none: 0, &some: 7} {
		if got := bucket.Size(n); got != want {
			t.Errorf("Size = %d, want %d", got, want)
		}
	}
}
