package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// A busy store's Retry-After is passed on; without one the client gets a
// default.
func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		status           int
		code, sent, want string
	}{
		{503, "SlowDown", "7", "7"},
		{503, "SlowDown", "", "3"},
		{429, "TooManyRequests", "Wed, 21 Oct 2037 07:28:00 GMT", "Wed, 21 Oct 2037 07:28:00 GMT"},
		{403, "InvalidObjectState", "", "3600"},
	} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			if tt.sent != "" {
				w.Header().Set("Retry-After", tt.sent)
			}
			w.WriteHeader(tt.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", tt.code)
		})
		_, err := file(t, s, "a").Open(t.Context())
		e, ok := errors.AsType[*downloadview.StatusError](err)
		if !ok || e.Header.Get("Retry-After") != tt.want {
			t.Errorf("%s with Retry-After %q: %v, want one of %q", tt.code, tt.sent, err, tt.want)
		}
	}
}

// An answer to HEAD has only a status. If a GET may still succeed, the first
// byte is requested.
func TestErrorAnswersToHead(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string // in the answer to GET
		want   error
		client int
	}{
		{404, "", fs.ErrNotExist, 404},
		{403, "AccessDenied", fs.ErrNotExist, 404},
		{403, "", fs.ErrNotExist, 404},
		{403, "InvalidAccessKeyId", downloadview.ErrUpstream, 502},
		{403, "InvalidObjectState", downloadview.ErrUpstream, 503},
		{401, "", downloadview.ErrUpstream, 502},
		{400, "", downloadview.ErrUpstream, 502},
		{412, "", downloadview.ErrChanged, 503},
		{429, "", downloadview.ErrUpstream, 503},
		{500, "", downloadview.ErrUpstream, 502},
		{503, "", downloadview.ErrUpstream, 503},
		{504, "", downloadview.ErrUpstream, 504},
	} {
		var asked []string
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, strings.TrimSpace(r.Method+" "+r.Header.Get("Range")))
			w.WriteHeader(tt.status)
			if tt.code != "" {
				fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", tt.code)
			}
		})
		_, err := downloadview.Stat(t.Context(), file(t, s, "a"))
		if !errors.Is(err, tt.want) || downloadview.StatusCode(err) != tt.client {
			t.Errorf("Stat answered with %d %s: %v, want %v and %d", tt.status, tt.code, err, tt.want, tt.client)
		}
		want := []string{"HEAD"}
		switch tt.status {
		case 403, 401, 500:
			want = append(want, "GET bytes=0-0")
		case 400: // which may mean that it has no ranges
			want = append(want, "GET bytes=0-0", "GET")
		}
		if !slices.Equal(asked, want) {
			t.Errorf("Stat answered with %d asks %q, want %q", tt.status, asked, want)
		}
	}
}

func TestDeleteMarker(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Delete-Marker", "true")
		w.WriteHeader(http.StatusMethodNotAllowed)
		io.WriteString(w, "<Error><Code>MethodNotAllowed</Code></Error>")
	})
	f := file(t, s, "a")
	if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, want fs.ErrNotExist", err)
	}
	if _, err := downloadview.Stat(t.Context(), f); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: %v, want fs.ErrNotExist", err)
	}
}

func TestOtherRegion(t *testing.T) {
	for _, status := range []int{301, 307, 400} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
			w.WriteHeader(status)
		})
		f := file(t, s, "a")
		_, err := f.Open(t.Context())
		_, errStat := downloadview.Stat(t.Context(), f)
		for _, err := range []error{err, errStat} {
			if !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(fmt.Sprint(err), `"eu-north-1", the client in "us-east-1"`) {
				t.Errorf("%d: %v, want ErrUpstream that names both regions", status, err)
			}
		}
	}
}

// Stat of an archived object fails like GET. Exists reports that it exists.
func TestArchived(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fields   map[string]string
		archived bool
	}{
		{"standard", nil, false},
		{"instant retrieval", map[string]string{"X-Amz-Storage-Class": "GLACIER_IR"}, false},
		{"glacier", map[string]string{"X-Amz-Storage-Class": "GLACIER"}, true},
		{"deep archive", map[string]string{"X-Amz-Storage-Class": "DEEP_ARCHIVE"}, true},
		{"intelligent tiering", map[string]string{"X-Amz-Storage-Class": "INTELLIGENT_TIERING"}, false},
		{"its archive", map[string]string{"X-Amz-Storage-Class": "INTELLIGENT_TIERING", "X-Amz-Archive-Status": "ARCHIVE_ACCESS"}, true},
		{"being restored", map[string]string{"X-Amz-Storage-Class": "GLACIER", "X-Amz-Restore": `ongoing-request="true"`}, true},
		{"restored", map[string]string{
			"X-Amz-Storage-Class": "GLACIER",
			"X-Amz-Restore":       `ongoing-request="false", expiry-date="Fri, 21 Dec 2037 00:00:00 GMT"`,
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var deleted bool
			s := fake(t, func(w http.ResponseWriter, r *http.Request) {
				deleted = deleted || r.Method == http.MethodDelete
				for name, value := range tt.fields {
					w.Header().Set(name, value)
				}
			})
			_, err := downloadview.Stat(t.Context(), file(t, s, "a"))
			if got := downloadview.StatusCode(err); (got == 503) != tt.archived || (got == 200) == tt.archived {
				t.Errorf("Stat: %v, which is %d", err, got)
			}
			if found, err := downloadview.Exists(t.Context(), s, "a"); !found || err != nil {
				t.Errorf("Exists = %t, %v, want true", found, err)
			}
			if err := s.Delete(t.Context(), "a"); err != nil || !deleted {
				t.Errorf("Delete: %v, want it to be deleted", err)
			}
		})
	}
}

// A store that doesn't answer within the client's timeout is a timeout, not an
// invalid answer.
func TestSilentStore(t *testing.T) {
	silent := func(err error) *s3bucket.Storage {
		return s3bucket.New(s3.New(s3.Options{
			Region:           "us-east-1",
			UsePathStyle:     true,
			RetryMaxAttempts: 1,
			HTTPClient:       failing{err},
		}), "bkt", nil)
	}
	for name, cause := range map[string]error{
		"header":    context.DeadlineExceeded, // like that of net/http
		"handshake": timeout{},
	} {
		f := file(t, silent(cause), "a")
		_, err := f.Open(t.Context())
		_, errStat := downloadview.Stat(t.Context(), f)
		for _, err := range []error{err, errStat} {
			if got := downloadview.StatusCode(err); got != http.StatusGatewayTimeout {
				t.Errorf("%s: %v is %d, want 504", name, err, got)
			}
		}
	}
	if _, err := file(t, silent(io.ErrUnexpectedEOF), "a").Open(t.Context()); downloadview.StatusCode(err) != http.StatusBadGateway {
		t.Errorf("a connection that dies: %v, want 502", err)
	}
}

// failing is a network without an answer.
type failing struct{ err error }

func (f failing) Do(*http.Request) (*http.Response, error) { return nil, f.err }

// timeout is like that of a TLS handshake, which isn't a deadline for
// errors.Is.
type timeout struct{}

func (timeout) Error() string   { return "handshake timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }
