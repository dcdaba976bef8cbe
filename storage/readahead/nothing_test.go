package readahead_test

import (
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/readahead"
)

func TestNothingAndNoError(t *testing.T) {
	buckettest.Nothing(t, func(f downloadview.File) downloadview.File { return readahead.File(f, nil) })
}
