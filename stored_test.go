package downloadview

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestStored(t *testing.T) {
	o := newObject("0123456789")
	o.CacheControl, o.Expires = "max-age=60", "Thu, 01 Jan 2026 00:00:00 GMT"
	o.Disposition, o.ReprDigest = `inline; filename="Q1 report.pdf"`, "sha-256=:AAAA:"
	const all = StoredName | StoredCacheControl | StoredDigest
	injected := newObject("0123456789")
	injected.CacheControl, injected.Disposition = "a\nb", "inline; filename=\"a\nb\""
	for _, tt := range []struct {
		name    string
		resp    Response
		request []string
		want    map[string]string
	}{
		{"nothing by default", Response{File: o}, []string{"Want-Repr-Digest", "sha-256=1"}, map[string]string{
			"Content-Disposition": `attachment; filename="a.bin"`, "Cache-Control": "private, no-cache", "Expires": "", "Repr-Digest": "",
		}},
		{"all", Response{File: o, StoredFields: all}, []string{"Want-Repr-Digest", "sha-512=9, sha-256=1"}, map[string]string{
			"Content-Disposition": `attachment; filename="Q1 report.pdf"`, "Cache-Control": "max-age=60", "Expires": o.Expires, "Repr-Digest": "sha-256=:AAAA:",
		}},
		{"a digest on request only", Response{File: o, StoredFields: all}, nil, map[string]string{"Repr-Digest": ""}},
		{"a digest of another kind", Response{File: o, StoredFields: all}, []string{"Want-Repr-Digest", "sha-512=1, sha-256=0"}, map[string]string{"Repr-Digest": ""}},
		{"the view wins", Response{File: o, StoredFields: all, Name: "b.txt", CacheControl: "no-store"}, nil, map[string]string{
			"Content-Disposition": `attachment; filename="b.txt"`, "Cache-Control": "no-store", "Expires": "",
		}},
		{"304", Response{File: o, StoredFields: all}, []string{"If-None-Match", `"v1"`}, map[string]string{"Cache-Control": "max-age=60"}},
		{"what would be another field", Response{File: injected, StoredFields: all}, nil, map[string]string{
			"Content-Disposition": `attachment; filename="a.bin"`, "Cache-Control": "private, no-cache",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Set(tt.request[i], tt.request[i+1])
			}
			Send(w, r, tt.resp)
			for key, want := range tt.want {
				if got := w.Header().Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
		})
	}
}

// If a proxy sends the bytes, StoredFields needs one Stat.
func TestStoredWithAProxy(t *testing.T) {
	o := newObject("0123456789")
	o.Disposition = `attachment; filename="stored.pdf"`
	resp := Response{File: kept{o}, StoredFields: StoredName, Offloader: everything{likeNginx}}
	w := httptest.NewRecorder()
	Send(w, httptest.NewRequest("GET", "/", nil), resp)
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="stored.pdf"` || w.Header().Get("X-Accel-Redirect") == "" {
		t.Errorf("Content-Disposition %q, header %v", got, w.Header())
	}
	if len(o.log) != 1 || o.log[0] != "stat" {
		t.Errorf("requests %v, want one stat", o.log)
	}
}

// everything covers every file that has a source.
type everything struct{ proxy }

func (e everything) Offload(*http.Request, Source) (Handover, bool) { return e.Handover, true }
