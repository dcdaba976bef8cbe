package resume_test

import (
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/resume"
)

func TestNothingAndNoError(t *testing.T) {
	buckettest.Nothing(t, func(f downloadview.File) downloadview.File { return resume.File(f, &resume.Options{Tries: 1}) })
}
