package azurebucket

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// Seconds until a client may ask again, where the store doesn't say.
const (
	afterBusy    = "3"
	afterArchive = "3600" // what was archived comes back within hours
)

// unavailable is a store that asks for patience.
func unavailable(after string, err error) error {
	return &downloadview.StatusError{
		Status: http.StatusServiceUnavailable,
		Err:    bucket.Says(downloadview.ErrUpstream, err),
		Header: http.Header{"Retry-After": {cmp.Or(after, afterBusy)}},
	}
}

// archived is a blob that is there, so that it is not missing, but can't be read
// before somebody moves it to another access tier. As 503 it is in the log.
func archived(err error) error {
	return unavailable(afterArchive, fmt.Errorf("the blob is archived; it has to be rehydrated first: %w", err))
}

func retryAfter(e *azcore.ResponseError) string {
	if e.RawResponse == nil {
		return ""
	}
	return e.RawResponse.Header.Get("Retry-After")
}
