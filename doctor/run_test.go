package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
)

// clockAt makes a server believe that it is another time.
func clockAt(skew time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
			next.ServeHTTP(w, r)
		})
	}
}

func TestClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		breakage{
			skew.String(), func(_ *testing.T, s *setting) { s.app = clockAt(skew) },
			"app-clock", doctor.Failed, "the clocks of the application", "synchronise both clocks",
		}.run(t, "nginx")
	}
}

// TestProxyClock: only the proxy's clock is wrong. nginx uses this machine's clock, so
// a transport changes the dates of its answers.
func TestProxyClock(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	setup.Client = &http.Client{Transport: dated{http.DefaultTransport, setup.App}}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	breakage{
		check: "proxy-clock", result: doctor.Failed,
		cause: "the clocks of the proxy", change: "synchronise both clocks",
	}.expect(t, run(t, setup, s.dir), s.dir)
}

// dated changes the dates of answers that are not of app.
type dated struct {
	http.RoundTripper
	app string
}

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(r)
	if err == nil && "http://"+r.URL.Host != d.app {
		resp.Header.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
	}
	return resp, err
}

// TestAppReachable: this machine reaches the application by its name in the network,
// and sees an internal location.
func TestAppReachable(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	addr := strings.TrimPrefix(setup.App, "http://")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if strings.HasPrefix(to, "app.internal:") {
			to = addr
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	setup.Client = &http.Client{Transport: transport}
	setup.App = "http://app.internal"
	breakage{
		check: "app-not-public", result: doctor.Warning,
		cause: "reached without its proxy", change: "accel.Options.From",
	}.expect(t, run(t, setup, s.dir), s.dir)
}

// TestClientChooses: an application and a proxy that accept from the client the fields
// that only the application may set.
func TestClientChooses(t *testing.T) {
	breakage{
		"the application", func(_ *testing.T, s *setting) {
			s.app = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if mapped := r.Header.Get("X-Sendfile"); mapped != "" {
						w.Header().Set("X-Accel-Redirect", mapped)
						return
					}
					next.ServeHTTP(w, r)
				})
			}
		},
		"app-client-headers", doctor.Failed, "changes what the application hands over", "X-Accel-Mapping",
	}.run(t, "nginx")
	breakage{
		"the proxy", edits("location / {", "location / {\n if ($http_x_accel_redirect) { rewrite ^ $http_x_accel_redirect last; }\n"),
		"whole-client-headers", doctor.Failed, "changes which file is sent", "proxy_set_header X-Accel-Redirect",
	}.run(t, "nginx")
}

// TestOtherRules: the doctor gets other rules than the application has.
func TestOtherRules(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrong func(*doctor.Setup, *setting)
		cause string
	}{
		{"no rule", func(d *doctor.Setup, _ *setting) { d.Offloader = nil }, "a rule that the doctor doesn't have"},
		{"another prefix", func(d *doctor.Setup, _ *setting) { d.Prefix = "/media/" }, "serves another storage, or this storage below another prefix"},
		{"another destination", func(d *doctor.Setup, s *setting) {
			s.rule.Destination = "/_other/"
			d.Offloader = s.accelerator(t, mustNamed(t, "nginx"))
		}, "another rule for"},
		{"another server", func(d *doctor.Setup, s *setting) {
			s.rule.Destination = s.dir
			d.Offloader = s.accelerator(t, mustNamed(t, "apache"))
		}, "for another server: it sends X-Accel-Redirect"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetting(t, "nginx")
			setup := s.start(t)
			test.wrong(&setup, s)
			c := check(t, run(t, setup, s.dir), "app-handover")
			if c.Result != doctor.Failed || !strings.Contains(c.Cause, test.cause) || c.Change == "" {
				t.Errorf("app-handover: %v, cause %q, change %q; want it to fail with %q", c.Result, c.Cause, c.Change, test.cause)
			}
		})
	}
}

// TestCancelled: the canary files are removed, whenever ctx ends.
func TestCancelled(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	setup.Storage = counting{setup.Storage, func() {
		if n++; n == 5 {
			cancel()
		}
	}}
	_, err := doctor.Run(ctx, setup)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if n < 5 {
		t.Errorf("%d files were put, want at least 5", n)
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// counting reports each file that is saved.
type counting struct {
	downloadview.Storage
	put func()
}

func (c counting) Save(ctx context.Context, key string, r io.Reader) error {
	defer c.put()
	return downloadview.Save(ctx, c.Storage, key, r)
}

func (c counting) Delete(ctx context.Context, key string) error {
	return downloadview.Delete(ctx, c.Storage, key)
}

func (c counting) Path(key string) (string, error) { return downloadview.Path(c.Storage, key) }

// keeping never deletes.
type keeping struct{ counting }

func (k keeping) Delete(context.Context, string) error { return errors.New("write once, read many") }

func TestNotRemoved(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	setup.Storage = keeping{counting{setup.Storage, func() {}}}
	c := check(t, run(t, setup, ""), "storage-remove")
	if c.Result != doctor.Failed || !strings.Contains(c.Cause, "write once") || !strings.Contains(c.Change, ".downloadview-doctor-") {
		t.Errorf("storage-remove: %+v, want it to fail and to name the folder", c)
	}
}

func TestReadOnlyStorage(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	setup.Storage = struct{ downloadview.Storage }{setup.Storage}
	report := run(t, setup, s.dir)
	if c := check(t, report, "storage-save"); c.Result != doctor.Failed || !strings.Contains(c.Change, "the key of an existing file") {
		t.Errorf("storage-save: %+v, want it to fail and to name the key", c)
	}
}

func TestUnreachable(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	setup.Site, setup.App = "http://127.0.0.1:1", "http://127.0.0.1:1"
	report := run(t, setup, s.dir)
	for _, name := range []string{"app-answers", "proxy-answers"} {
		if c := check(t, report, name); c.Result != doctor.Failed || c.Change == "" {
			t.Errorf("%s: %+v, want it to fail", name, c)
		}
	}
}

func TestSetupErrors(t *testing.T) {
	for _, s := range []doctor.Setup{
		{},
		{Site: "files.example.com", Key: "a"},
		{Site: "http://user:" + secret + "@127.0.0.1:x", Key: "a"},
		{Site: "http://127.0.0.1", App: "unix:", Key: "a"},
		{Site: "http://127.0.0.1"},
	} {
		if _, err := doctor.Run(t.Context(), s); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("Run(%+v): %v, want an error without secrets", s, err)
		}
	}
}

// TestSameChecks: a report always has the same checks, so that machines can rely
// on them.
func TestSameChecks(t *testing.T) {
	names := func(change func(*doctor.Setup, *setting)) []string {
		s := newSetting(t, "nginx")
		setup := s.start(t)
		change(&setup, s)
		seen := make(map[string]bool)
		var names []string
		for _, c := range run(t, setup, "").Checks {
			if seen[c.Name] {
				t.Errorf("check %q is there twice", c.Name)
			}
			seen[c.Name] = true
			names = append(names, string(c.Step)+" "+c.Name)
		}
		slices.Sort(names)
		return names
	}
	want := names(func(*doctor.Setup, *setting) {})
	for name, change := range map[string]func(*doctor.Setup, *setting){
		"no application":     func(d *doctor.Setup, _ *setting) { d.App = "" },
		"nothing answers":    func(d *doctor.Setup, _ *setting) { d.App, d.Site = "http://127.0.0.1:1", "http://127.0.0.1:1" },
		"another prefix":     func(d *doctor.Setup, _ *setting) { d.Prefix = "/nothing/" },
		"storage can't save": func(d *doctor.Setup, _ *setting) { d.Storage = struct{ downloadview.Storage }{d.Storage} },
		"a key": func(d *doctor.Setup, s *setting) {
			d.Key = "a.txt"
			if err := os.WriteFile(filepath.Join(s.dir, d.Key), []byte("long enough"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		if got := names(change); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, want)
		}
	}
}

func TestReportJSON(t *testing.T) {
	want := doctor.Report{Site: "http://127.0.0.1", Checks: []doctor.Check{
		{Step: doctor.ProxyStep, Name: "proxy-range", Result: doctor.Failed, Detail: "200", Cause: "ranges are off", Change: "remove it"},
		{Step: doctor.ProxyStep, Name: "proxy-head", Result: doctor.NotApplicable},
	}}
	j, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const result = `"result":"not applicable"}`
	if !bytes.Contains(j, []byte(result)) {
		t.Errorf("JSON %s, want %s in it", j, result)
	}
	var got doctor.Report
	if err := json.Unmarshal(j, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("JSON %s is read as %+v, %v", j, got, err)
	}
	var r doctor.Result
	if err := r.UnmarshalText([]byte("fine")); err == nil {
		t.Error(`a result "fine" is read, want an error`)
	}
}

// TestHeader: the fields that give the doctor access to the files are not in the
// report.
func TestHeader(t *testing.T) {
	for _, test := range []struct{ name, cookie string }{{"with the cookie", "session=" + secret}, {"without", ""}} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetting(t, "nginx")
			s.app = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Cookie") != "session="+secret {
						w.WriteHeader(http.StatusForbidden)
						return
					}
					next.ServeHTTP(w, r)
				})
			}
			setup := s.start(t)
			if test.cookie != "" {
				setup.Header = http.Header{"Cookie": {test.cookie}}
			}
			report := run(t, setup, s.dir)
			noSecrets(t, report)
			if report.OK() != (test.cookie != "") {
				t.Errorf("OK is %v", report.OK())
			}
			for _, name := range []string{"app-handover", "proxy-file"} {
				if name == "proxy-file" { // as where the application isn't asked itself
					setup.App = ""
					report = run(t, setup, s.dir)
				}
				if c := check(t, report, name); test.cookie == "" && !strings.Contains(c.Change, "give the doctor the Authorization or Cookie") {
					t.Errorf("%s: %+v, want a change that names the header", name, c)
				}
			}
		})
	}
}

// TestFrom: an application that streams to clients other than its proxy has no fault.
func TestFrom(t *testing.T) {
	s := newSetting(t, "nginx")
	from, err := accel.ParseFrom("10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s.from = from
	report := run(t, s.start(t), s.dir)
	if !report.OK() {
		t.Error("a set-up that is right has failures")
	}
	if c := check(t, report, "app-not-public"); c.Result != doctor.OK {
		t.Errorf("app-not-public: %v, want ok", c.Result)
	}
}

// TestYoung: if times can't be set, the doctor waits until canary files are old enough
// for entity tags.
func TestYoung(t *testing.T) {
	t.Parallel()
	s := newSetting(t, "apache")
	setup := s.start(t)
	setup.Storage = coarse{counting{setup.Storage, func() {}}}
	report := run(t, setup, "")
	if !report.OK() {
		t.Error("a set-up that is right has failures")
	}
	if c := check(t, report, "app-handover"); c.Result != doctor.OK || !strings.Contains(c.Detail, "X-Sendfile") {
		t.Errorf("app-handover: %+v, want it to hand over", c)
	}
}

// coarse has times of whole seconds, and no paths.
type coarse struct{ counting }

func (c coarse) Path(string) (string, error) { return "", errors.ErrUnsupported }

func (c coarse) Save(ctx context.Context, key string, r io.Reader) error {
	if err := c.counting.Save(ctx, key, r); err != nil {
		return err
	}
	path, err := c.counting.Path(key)
	if err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	return os.Chtimes(path, now, now)
}
