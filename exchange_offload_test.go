package downloadview

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// A proxy covers every local file.
type proxy struct{ Handover }

func (p proxy) Offload(_ *http.Request, src Source) (Handover, bool) {
	return p.Handover, src.Scheme == "file"
}

func (p proxy) middleware(next View) View {
	var offloader Offloader = p // one for all requests, as that of package accel
	return ViewFunc(func(r *http.Request) (resp Response, err error) {
		resp, err = next.Respond(r)
		if resp.Offloader == nil {
			resp.Offloader = offloader
		}
		return resp, err
	})
}

var likeNginx = proxy{Handover{Rule: "media", Field: "X-Accel-Redirect", Value: "/_m/a", Terms: &Terms{Tag: NginxTag}}}

func TestOffload(t *testing.T) {
	local := newLocalFile(t, "a.txt", "0123456789")
	nginxTag := NginxTag.tag(changed, 10, time.Now())
	missing := localFile(string(local) + "x")
	own := Response{File: local, ETag: `"mine"`}
	vouched, streamed, judging, injecting := likeNginx, likeNginx, likeNginx, likeNginx
	injecting.Value = "/_m/a\nb"
	vouched.Terms = &Terms{Tag: NginxTag, KeepsSafety: true}
	streamed.Field, streamed.Value = "", ""
	tagging := likeNginx
	tagging.Terms = &Terms{Validators: OurTag}
	judging.Terms = &Terms{Validators: OurValidators}
	for _, tt := range []struct {
		name    string
		resp    Response
		proxy   proxy
		request []string
		status  int
		offload bool
		tag     string
	}{
		{"plain", Response{File: local}, likeNginx, nil, 200, true, ""},
		{"renamed", Response{File: renamed{local, "b"}}, likeNginx, nil, 200, true, ""},
		{"ranges are the proxy's business", Response{File: local}, likeNginx, []string{"Range", "bytes=0-0", "If-None-Match", nginxTag}, 200, true, ""},
		{"missing, blind", Response{File: missing}, likeNginx, nil, 200, true, ""},
		{"missing, looked for", Response{File: missing, CheckFirst: true}, likeNginx, nil, 404, false, ""},
		{"directory, looked at", Response{File: localFile(t.TempDir()), CheckFirst: true}, likeNginx, nil, 404, false, ""},
		{"changed bytes", Response{File: plainFile{local}}, likeNginx, nil, 200, false, NanosecondTag.tag(changed, 10, time.Now())},
		{"not covered", Response{File: newObject("x")}, likeNginx, nil, 200, false, `"v1"`},
		{"opted out", Response{File: local, Offloader: NeverOffload}, likeNginx, nil, 200, false, NanosecondTag.tag(changed, 10, time.Now())},
		{"covered but streamed", Response{File: local}, streamed, nil, 200, false, nginxTag},
		{"streamed range has the proxy's tag", Response{File: local}, streamed, []string{"Range", "bytes=0-0", "If-Range", nginxTag}, 206, false, nginxTag},
		{"inline", Response{File: local, Disposition: Inline}, likeNginx, nil, 200, false, nginxTag},
		{"inline, vouched for", Response{File: local, Disposition: Inline}, vouched, nil, 200, true, ""},
		{"encoded by the view", Response{File: local}.WithHeader("Content-Encoding", "gzip"), likeNginx, nil, 200, false, nginxTag},
		{"tag of the view", own, likeNginx, nil, 200, true, ""},
		{"tag of the view, 304", own, likeNginx, []string{"If-None-Match", `"mine"`}, 304, false, `"mine"`},
		{"tag of the view, 412", own, likeNginx, []string{"If-Match", `"x"`}, 412, false, ""},
		{"tag of the view, passes here but not there", own, likeNginx, []string{"If-Match", `"mine"`}, 200, false, `"mine"`},
		{"tag of the view, range", own, likeNginx, []string{"Range", "bytes=0-0"}, 206, false, `"mine"`},
		{"a location that would be another file's", Response{File: local}, injecting, nil, 200, false, nginxTag},
		{"our validators", Response{File: local}, judging, nil, 200, true, NanosecondTag.tag(changed, 10, time.Now())},
		{"our validators, 412", Response{File: local}, judging, []string{"If-Match", `"x"`}, 412, false, ""},
		{"our tag, the file's date", Response{File: local, ModTime: changed.Add(-time.Hour)}, tagging, nil, 200, true, NanosecondTag.tag(changed, 10, time.Now())},
		{"our tag, another date is asked for", Response{File: local, ModTime: changed.Add(-time.Hour)}, tagging, []string{"If-Unmodified-Since", changed.Add(-time.Minute).Format(http.TimeFormat)}, 200, false, NanosecondTag.tag(changed, 10, time.Now())},
		{"our validators, missing", Response{File: missing}, judging, nil, 404, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen Outcome
			v := ViewFunc(func(*http.Request) (Response, error) { return tt.resp, nil })
			h := Use(tt.proxy.middleware)(NewHandler(v, &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}))
			w := &writeCounter{ResponseRecorder: httptest.NewRecorder()}
			r := httptest.NewRequest("GET", "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			if tt.offload {
				w.Header().Set("Content-Encoding", "gzip") // as gin's compressor does
			}
			h.ServeHTTP(w, r)
			got := w.Result()
			if tt.offload && got.Header.Get("Content-Encoding") != "" {
				t.Errorf("labelled %s", got.Header.Get("Content-Encoding"))
			}
			if got.StatusCode != tt.status || got.Header.Get("Etag") != tt.tag {
				t.Errorf("%d with tag %s, want %d with %s", got.StatusCode, got.Header.Get("Etag"), tt.status, tt.tag)
			}
			if handed := got.Header.Get("X-Accel-Redirect") == "/_m/a"; handed != tt.offload || (seen.Mode == Offloaded) != tt.offload {
				t.Errorf("handed over: %v, observed %v; want %v", handed, seen.Mode, tt.offload)
			}
			if tt.offload && (w.calls != 0 || got.Header.Get("Content-Length") != "" || got.Header.Get("Accept-Ranges") != "") {
				t.Errorf("%d calls of Write and WriteHeader, header %v; want headers only", w.calls, got.Header)
			}
			if tt.offload && got.Header.Get("Cache-Control") != "private, no-cache" {
				t.Errorf("Cache-Control %q", got.Header.Get("Cache-Control"))
			}
		})
	}
}

type writeCounter struct {
	*httptest.ResponseRecorder
	calls int
}

func (w *writeCounter) Write(p []byte) (int, error) {
	w.calls++
	return w.ResponseRecorder.Write(p)
}

func (w *writeCounter) WriteHeader(status int) {
	w.calls++
	w.ResponseRecorder.WriteHeader(status)
}

// If outer middleware replaces the file after an accelerator covered it, the first
// file must not be sent.
func TestTheLastFileCounts(t *testing.T) {
	first := newLocalFile(t, "first", "first")
	replace := func(next View) View {
		return ViewFunc(func(r *http.Request) (Response, error) {
			resp, err := next.Respond(r)
			resp.File = newObject("another")
			return resp, err
		})
	}
	h := Use(replace, likeNginx.middleware)(NewHandler(fileView(first), nil))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Body.String() != "another" || w.Header().Get("X-Accel-Redirect") != "" {
		t.Errorf("%q, %v", w.Body, w.Header())
	}
}

// A view with an accelerator, and a handler that sets the same headers from constants,
// take turns. ratio is the median of the ratios of their times.
func BenchmarkOffload(b *testing.B) {
	for _, name := range []string{"report-2026.pdf", "zażółć € 日本.pdf"} {
		b.Run(name, func(b *testing.B) {
			disposition := contentDisposition(attachment, name)
			location := "/_media/2026/" + name
			f := namedFile{localFile("/srv/media/" + name), name}
			accel := proxy{Handover{Rule: "media", Field: "X-Accel-Redirect", Value: location, Terms: &Terms{Tag: NginxTag}}}
			contenders := [2]http.Handler{
				NewHandler(accel.middleware(fileView(f)), nil),
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					h := w.Header()
					h.Set("Content-Type", "application/pdf")
					h.Set("Content-Disposition", disposition)
					h.Set("Cache-Control", "private, no-cache")
					h.Set("X-Content-Type-Options", "nosniff")
					h.Set("X-Accel-Redirect", location)
				}),
			}
			r := httptest.NewRequest("GET", "/", nil)
			var ratios []float64
			var sum [2]time.Duration
			const batch = 1000
			for b.Loop() {
				var turn [2]time.Duration
				for i, h := range contenders {
					start := time.Now()
					for range batch {
						h.ServeHTTP(headerOnly{make(http.Header, 8)}, r)
					}
					turn[i] = time.Since(start)
					sum[i] += turn[i]
				}
				ratios = append(ratios, float64(turn[0])/float64(turn[1]))
			}
			slices.Sort(ratios)
			requests := float64(len(ratios) * batch)
			b.ReportMetric(0, "ns/op") // of both
			b.ReportMetric(float64(sum[0])/requests, "ours-ns/req")
			b.ReportMetric(float64(sum[1])/requests, "by-hand-ns/req")
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			for i, who := range []string{"ours", "by-hand"} {
				allocs := testing.AllocsPerRun(100, func() { contenders[i].ServeHTTP(headerOnly{make(http.Header, 8)}, r) })
				b.ReportMetric(allocs, who+"-allocs/req")
			}
		})
	}
}

// namedFile keeps its name, as the files of package disk do.
type namedFile struct {
	localFile
	name string
}

func (f namedFile) Name() string { return f.name }

// headerOnly makes a new header for each exchange, as a server does.
type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header         { return w.h }
func (w headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (w headerOnly) WriteHeader(int)             {}

// A range and most preconditions have another meaning, or none, for methods other than
// GET and HEAD. Proxies answer a hand-over as if it were a GET.
func TestOffloadOfOtherMethods(t *testing.T) {
	judging := likeNginx
	judging.Terms = &Terms{Validators: OurValidators}
	f := newLocalFile(t, "a", "0123456789")
	tag := NanosecondTag.tag(changed, 10, time.Now())
	for _, tt := range []struct {
		method  string
		request []string
		status  int
		offload bool
	}{
		{"POST", nil, 200, true},
		{"POST", []string{"Range", "bytes=0-1"}, 200, false},
		{"PUT", []string{"Range", "bytes=100-"}, 200, false},
		{"POST", []string{"If-None-Match", "*"}, 412, false},
		{"POST", []string{"If-Modified-Since", changed.Format(http.TimeFormat)}, 200, false},
		{"POST", []string{"If-Match", `"x"`}, 412, false},
		{"GET", []string{"Range", "bytes=0-1"}, 200, true},
		{"HEAD", []string{"If-Match", tag}, 200, true},
	} {
		for name, p := range map[string]proxy{"theirs": likeNginx, "ours": judging} {
			var seen Outcome
			o := &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}
			w := httptest.NewRecorder()
			r := httptest.NewRequest(tt.method, "/", nil)
			for i := 0; i < len(tt.request); i += 2 {
				r.Header.Add(tt.request[i], tt.request[i+1])
			}
			h := UseOptions(o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				Send(w, r, Response{File: f, Offloader: p})
			}))
			h.ServeHTTP(w, r)
			if w.Code != tt.status || (seen.Mode == Offloaded) != tt.offload {
				t.Errorf("%s with %q, validators %s: %d, %v because of %q; want %d, handed over %v",
					tt.method, tt.request, name, w.Code, seen.Mode, seen.Obstacle, tt.status, tt.offload)
			}
		}
	}
}
