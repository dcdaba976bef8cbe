package accel_test

import (
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestOffloadingOpensNothing(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	if err := s.write("a.txt", "0123456789"); err != nil {
		t.Fatal(err)
	}
	files := storageView(t, s.dir)
	counted := storagetest.Count(files.Storage)
	files.Storage = counted
	looking := files
	looking.Response.CheckFirst = true

	none, one := storagetest.Calls{}, storagetest.Calls{Open: 1}
	for _, tt := range []struct {
		name, method, key string
		header            http.Header
		view              downloadview.View
		status            int
		want              storagetest.Calls
	}{
		{"whole", "GET", "a.txt", nil, files, 200, none},
		{"HEAD", "HEAD", "a.txt", nil, files, 200, none},
		{"range", "GET", "a.txt", http.Header{"Range": {"bytes=2-3"}}, files, 206, none},
		{"resumed", "GET", "a.txt", http.Header{"Range": {"bytes=2-"}, "If-Range": {`"65e078d7-a"`}}, files, 206, none},
		{"not modified", "GET", "a.txt", http.Header{"If-None-Match": {`"65e078d7-a"`}}, files, 304, none},
		{"missing", "GET", "b.txt", nil, files, 404, none},
		{"after a look", "GET", "a.txt", nil, looking, 200, one},
		{"missing after a look", "GET", "b.txt", nil, looking, 404, one},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.serve(tt.view.Respond)
			counted.Reset()
			resp, _, o := s.get(t, tt.method, tt.key, tt.header)
			if resp.StatusCode != tt.status {
				t.Errorf("%s, want %d", resp.Status, tt.status)
			}
			if got := counted.Calls(); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if tt.status != http.StatusNotFound || tt.want == none {
				wantOffloaded(t, o)
			}
		})
	}
}
