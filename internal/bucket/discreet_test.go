package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/downloadview/downloadview"
)

func TestErrorsTellNoSecrets(t *testing.T) {
	inner := &url.Error{Op: "Get", URL: "https://me:hidden@two.test/b?sig=hidden", Err: io.ErrUnexpectedEOF}
	outer := &url.Error{Op: "Head", URL: "https://one.test/a%2Fb?sv=1&sig=hid\"den", Err: inner}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err := range []error{
		Upstream(fmt.Errorf("the SDK failed: %w", outer)),
		Failed(t.Context(), outer),
		Failed(ended, outer),
		Late(outer),
		Lasting(outer),
		NoBucket(outer),
		Busy("", outer),
		Upstream(Upstream(outer)),
	} {
		if text := err.Error(); strings.Contains(text, "hid") || strings.Contains(text, "sv=") ||
			!strings.Contains(text, `Head "https://one.test/a%2Fb"`) || !strings.Contains(text, `Get "https://two.test/b": unexpected EOF`) {
			t.Errorf("%v, want the URLs without userinfo and query", err)
		}
		if e, ok := errors.AsType[*url.Error](err); !ok || e != outer || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: the cause is %v, want that of net/http", err, e)
		}
	}
	if err := Upstream(&url.Error{Op: "Get", URL: "https://%zz?hidden", Err: io.EOF}); strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v, want it without the query", err)
	}
	if err := errors.New("plain"); !strings.HasSuffix(Upstream(err).Error(), ": plain") || !errors.Is(Upstream(err), downloadview.ErrUpstream) {
		t.Errorf("%v, want the text as it is", Upstream(err))
	}
}

func TestErrorsAreNoPages(t *testing.T) {
	text := Upstream(errors.New("503: " + strings.Repeat("<p>ä</p>", 1<<20))).Error()
	if len(text) > 2*longestText || !strings.Contains(text, "503: <p>ä") || !strings.HasSuffix(text, "…") || !utf8.ValidString(text) {
		t.Errorf("a text of %d bytes: %.200q", len(text), text)
	}
}
