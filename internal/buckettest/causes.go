package buckettest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// CheckCause is [storagetest.CheckCause] for the error of op.
func CheckCause(t *testing.T, op string, err, cause error) {
	t.Helper()
	if wrong := storagetest.CheckCause(err, cause); wrong != nil {
		t.Errorf("%s: %v", op, wrong)
	}
}

// KeepsCause checks that a storage's error contains the text of an error of the
// client's transport, and that errors.As finds that by its type.
func KeepsCause(t *testing.T, open func(*testing.T, http.RoundTripper) downloadview.Storage) {
	t.Helper()
	f, err := open(t, lost{}).File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Open(t.Context())
	if e, ok := errors.AsType[lost](err); !ok || !strings.Contains(err.Error(), e.Error()) {
		t.Errorf("Open: %v, want the cause in it", err)
	}
}

// lost is a transport and its own error.
type lost struct{}

func (lost) Error() string                                     { return "lost on the way" }
func (l lost) RoundTrip(*http.Request) (*http.Response, error) { return nil, l }
