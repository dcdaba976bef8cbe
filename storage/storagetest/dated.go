package storagetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downloadview/downloadview"
)

// checkDated replaces files by others of the same size and the same time, one of
// those that container images and archives give all files. No client may be told
// that the old version is the new one, nor get the end of one behind the
// beginning of the other.
func checkDated(_ context.Context, fx Fixture) error {
	if fx.SetModTime == nil {
		return nil
	}
	var p problems
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 0), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)} {
		f, err := fx.putDated([]byte("0123456789"), at)
		if err != nil {
			return err
		}
		first := answer(f).Header
		const next = "abcdefghij"
		if f, err = fx.putDated([]byte(next), at); err != nil {
			return err
		}
		if date := first.Get("Last-Modified"); date != "" {
			p.addf("modified at %v: Last-Modified is %q, want none", at.UTC(), date)
		}
		requests := [][]string{
			{"If-Modified-Since", at.UTC().Format(http.TimeFormat)},
			{"Range", "bytes=5-", "If-Range", at.UTC().Format(http.TimeFormat)},
		}
		if tag := first.Get("ETag"); tag != "" {
			requests = append(requests, []string{"If-None-Match", tag}, []string{"Range", "bytes=5-", "If-Range", tag})
		}
		for _, fields := range requests {
			resp := answer(f, fields...)
			body := make([]byte, len(next)+1)
			n, _ := resp.Body.Read(body)
			if got := string(body[:n]); resp.StatusCode != http.StatusOK || got != next {
				p.addf("modified at %v, replaced by as many bytes at the same time, and asked for with %s: %s: status is %d, content %q, want 200 and %q; "+
					"a tag of time and size is of no use where the time is before 1981", at.UTC(), fields[len(fields)-2], fields[len(fields)-1], resp.StatusCode, got, next)
			}
		}
	}
	return p.err()
}

// putDated stores content under plainKey.
func (fx Fixture) putDated(content []byte, at time.Time) (downloadview.File, error) {
	f, err := fx.put(plainKey, content)
	if err != nil {
		return nil, err
	}
	if err := fx.SetModTime(plainKey, at); err != nil {
		return nil, fmt.Errorf("SetModTime: %w", err)
	}
	return f, nil
}

// answer sends f.
func answer(f downloadview.File, fields ...string) *http.Response {
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		if f == nil {
			return downloadview.Response{}, errors.New("no file")
		}
		return downloadview.Response{File: f}, nil
	})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	downloadview.NewHandler(view, nil).ServeHTTP(w, r)
	return w.Result()
}
