package gcsbucket

import "github.com/downloadview/downloadview/internal/httprange"

// body is a Body whose Close never fails: the SDK would return the error of
// Read again.
type body struct{ *httprange.Body }

func (b body) Close() error {
	b.Body.Close()
	return nil
}
