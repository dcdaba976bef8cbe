package gcsbucket

import "github.com/downloadview/downloadview/internal/httprange"

// body is one whose Close never fails: the SDK would tell once more what Read has
// told.
type body struct{ *httprange.Body }

func (b body) Close() error {
	b.Body.Close()
	return nil
}
