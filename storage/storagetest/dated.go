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

// checkDated replaces a file by one of the same size and the same time. The times
// are those that container images and archives give to all their files. A
// conditional request for the old version must get the whole new version, neither
// 304 nor a part of the new one.
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
				p.addf("the file was modified at %v and replaced by another one of the same size and time; the request with %s: %s: status is %d, content is %q, want 200 and %q; "+
					"don't make an entity tag of the size and a time before 1981", at.UTC(), fields[len(fields)-2], fields[len(fields)-1], resp.StatusCode, got, next)
			}
		}
	}
	return p.err()
}

// putDated stores content under plainKey, with this modification time.
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

// answer returns a handler's answer to a GET request for f.
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
