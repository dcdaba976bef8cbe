package main

import (
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview/internal/s3test"
)

func TestHandler(t *testing.T) {
	server := s3test.Start(t)
	server.Put(t, "2026/a b.txt", []byte("hello"))
	h := handler(server.Client, server.Bucket)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/reports/2026/a%20b.txt", nil))
	if w.Code != 200 || w.Body.String() != "hello" {
		t.Errorf("%d %q, want the object", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/reports/missing", nil))
	if w.Code != 404 {
		t.Errorf("a missing object: %d, want 404", w.Code)
	}
}
