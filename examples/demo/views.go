package main

import (
	"crypto/subtle"
	"net/http"

	"github.com/downloadview/downloadview"
)

// always is a view that answers every request with the file that makeFile makes.
func always(makeFile func() downloadview.File) downloadview.View {
	return downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: makeFile()}, nil
	})
}

// copyOf is a middleware that saves a file as a copy of itself.
func copyOf(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		if err == nil {
			resp.Name = "Copy of " + resp.File.Name()
		}
		return resp, err
	})
}

// withToken returns a middleware that answers requests without the token with 401.
func withToken(token string) downloadview.Middleware {
	want := []byte("Bearer " + token)
	return func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) == 0 {
				return downloadview.Response{}, &downloadview.StatusError{
					Status: http.StatusUnauthorized,
					Header: http.Header{"Www-Authenticate": {`Bearer realm="demo"`}},
				}
			}
			return next.Respond(r)
		})
	}
}
