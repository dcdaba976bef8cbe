package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// An outcome is that of one request.
type outcome struct {
	status int // 0: err
	code   string
	fields []string // names and values
	err    error
	cut    bool          // the caller's context ends before the answer
	ahead  time.Duration // clock of the store
	after  time.Duration // which the answer takes
}

// A world is a client with a network of its own, whose requests have the outcomes of
// a script. What happened is in log.
type world struct {
	script []outcome
	log    []string
	ids    map[string]bool // of invocations
	cancel context.CancelFunc
	open   int // bodies
}

func (w *world) logf(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) Do(r *http.Request) (*http.Response, error) {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return nil, err
	}
	id := r.Header.Get("Amz-Sdk-Invocation-Id")
	seen := w.ids[id]
	w.ids[id] = true
	_, until := r.Context().Deadline()
	key, _, _ := strings.Cut(r.Header.Get("Authorization"), "/")
	w.logf("%s %s %q %q, signed by %s %v from now, %s, the same again: %t, deadline: %t, operation %s of %s",
		r.Method, r.URL, r.Header["Range"], r.Header["If-Match"], key, time.Until(at),
		r.Header.Get("Amz-Sdk-Request"), seen, until, awsmiddleware.GetOperationName(r.Context()), r.Context().Value(mine{}))
	o := outcome{status: http.StatusOK}
	if len(w.script) > 0 {
		o, w.script = w.script[0], w.script[1:]
	}
	if o.cut {
		w.cancel()
	}
	time.Sleep(o.after)
	if o.status == 0 {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: o.err}
	}
	h := http.Header{"Content-Length": {"10"}, "Etag": {`"v1"`}, "X-Amz-Request-Id": {"1"}}
	if o.ahead != never {
		h.Set("Date", time.Now().Add(o.ahead).UTC().Format(http.TimeFormat))
	}
	if asked := r.Header.Get("Range"); o.status == http.StatusPartialContent {
		h.Set("Content-Range", strings.Replace(asked, "=", " ", 1)+"/10")
		h.Set("Content-Length", "3")
	}
	for f := range slices.Chunk(o.fields, 2) {
		h.Set(f[0], f[1])
	}
	body := "0123456789"
	if o.code != "" {
		body = "<Error><Code>" + o.code + "</Code></Error>"
	}
	w.open++
	return &http.Response{StatusCode: o.status, Header: h, Body: &counted{strings.NewReader(body), w}, ContentLength: -1}, nil
}

// never is the clock of a store that doesn't tell the time.
const never = time.Duration(-1 << 62)

type mine struct{}

type counted struct {
	io.Reader
	w *world
}

func (c *counted) Close() error {
	if c.w != nil {
		c.w.open--
		c.w = nil
	}
	return nil
}

// Retrieve has credentials that expire, as those of a role, and logs each use.
func (w *world) Retrieve(ctx context.Context) (aws.Credentials, error) {
	w.logf("credentials for %s", awsmiddleware.GetOperationName(ctx))
	if len(w.script) > 0 && w.script[0].code == "credentials" {
		o := w.script[0]
		w.script = w.script[1:]
		return aws.Credentials{}, o.err
	}
	return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c", CanExpire: true, Expires: time.Now().Add(time.Minute)}, nil
}

// AddTokens and GetToken are the quota of retries.
func (w *world) AddTokens(n uint) error {
	w.logf("%d tokens back", n)
	return nil
}

func (w *world) GetToken(_ context.Context, n uint) (func() error, error) {
	w.logf("%d tokens", n)
	return func() error { return w.AddTokens(n) }, nil
}

// Logf is the client's logger.
func (w *world) Logf(c logging.Classification, format string, args ...any) {
	w.logf("%s "+format, append([]any{c}, args...)...)
}

// A call opens an object, or three bytes of it.
type call struct {
	part     bool
	etag     string
	deadline time.Duration
	script   []outcome
}

// live makes the calls one after the other.
func (w *world) live(t *testing.T, calls []call, prepare func(*s3bucket.Storage) *s3bucket.Storage, change func(*s3.Options)) []string {
	w.ids = map[string]bool{}
	client := offline(func(o *s3.Options) {
		o.HTTPClient, o.Credentials, o.Logger = w, w, w
		o.Retryer = retry.NewStandard(func(so *retry.StandardOptions) {
			so.RateLimiter = w
			so.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Second, nil })
		})
	}, change)
	s := prepare(s3bucket.New(client, "bkt", &s3bucket.Options{Logger: slog.New(slog.DiscardHandler)}))
	w.log, w.ids = nil, map[string]bool{}
	for i, c := range calls {
		w.logf("call %d", i)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), mine{}, "mine"))
		if c.deadline != 0 {
			ctx, cancel = context.WithTimeout(ctx, c.deadline)
		}
		w.script, w.cancel = c.script, cancel
		f := file(t, s, "a b")
		if c.etag != "" {
			f = downloadview.Pin(f, c.etag)
		}
		open := f.Open
		if c.part {
			open = func(ctx context.Context) (fs.File, error) { return f.(downloadview.RangeFile).OpenRange(ctx, 2, 3) }
		}
		h, err := open(ctx)
		var body []byte
		if err == nil {
			body, _ = io.ReadAll(h)
			h.Close()
		}
		text := fmt.Sprint(err)
		if ctx.Err() != nil {
			text = "" // the SDK tells where it noticed
		}
		w.logf("%q, %d, %s, %d left of the script, %d bodies open", body, downloadview.StatusCode(err), text, len(w.script), w.open)
		_, until, _ := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Expiry: time.Hour})
		w.logf("a URL is good for %v", time.Until(until)) // until the credentials end by the store's clock
		for _, target := range []error{context.Canceled, context.DeadlineExceeded, downloadview.ErrUpstream, downloadview.ErrRefused, downloadview.ErrChanged, downloadview.ErrRange, fs.ErrNotExist, errors.ErrUnsupported} {
			if errors.Is(err, target) {
				w.logf("which is %v", target)
			}
		}
		cancel()
	}
	return w.log
}

// checkOutcomes compares what happens with what happens if the SDK makes all the
// requests.
func checkOutcomes(t *testing.T, name string, calls []call, change func(*s3.Options)) {
	t.Helper()
	var sdk, ours []string
	synctest.Test(t, func(t *testing.T) { sdk = (&world{}).live(t, calls, s3bucket.Cold, change) })
	synctest.Test(t, func(t *testing.T) {
		ours = (&world{}).live(t, calls, func(s *s3bucket.Storage) *s3bucket.Storage {
			if !s3bucket.IsDirect(s) {
				t.Fatal("the SDK makes all requests")
			}
			return s3bucket.Warm(s)
		}, change)
	})
	if diff := cmp.Diff(sdk, ours); diff != "" {
		t.Errorf("%s (-SDK, +ours):\n%s", name, diff)
	}
}

var (
	reset      = &connectionError{syscall.ECONNRESET}
	errRefused = errors.New("no role for this")
	ok         = outcome{status: 200}
	part       = outcome{status: 206}
	busy       = outcome{status: 503, code: "SlowDown"}
)

// A connectionError is an error of a connection.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error { return e.error }

var outcomes = map[string][]call{
	"object":            {{script: []outcome{ok}}, {part: true, script: []outcome{part}}, {etag: `"v1"`, script: []outcome{ok}}},
	"missing":           {{script: []outcome{{status: 404, code: "NoSuchKey"}}}, {part: true, script: []outcome{{status: 404, code: "NoSuchKey"}}}},
	"no bucket":         {{script: []outcome{{status: 404, code: "NoSuchBucket"}}}},
	"denied":            {{script: []outcome{{status: 403, code: "AccessDenied"}}}},
	"expired":           {{script: []outcome{{status: 400, code: "ExpiredToken"}}}},
	"signature":         {{script: []outcome{{status: 403, code: "SignatureDoesNotMatch"}}}},
	"changed":           {{etag: `"v1"`, script: []outcome{{status: 412, code: "PreconditionFailed"}}}},
	"range":             {{part: true, script: []outcome{{status: 416, code: "InvalidRange"}}}},
	"no ranges":         {{part: true, script: []outcome{ok}}},
	"part of the whole": {{script: []outcome{part}}, {script: []outcome{{status: 200, fields: []string{"Content-Range", "bytes 0-9/10"}}}}},
	"no content":        {{script: []outcome{{status: 204}}}, {script: []outcome{{status: 304}}}},
	"region":            {{script: []outcome{{status: 301, code: "PermanentRedirect", fields: []string{"X-Amz-Bucket-Region", "eu-north-1"}}}}},
	"busy":              {{script: []outcome{busy, ok}}, {script: []outcome{busy, busy, part}}, {script: []outcome{busy, busy, busy, ok}}, {part: true, script: []outcome{busy, part}}},
	"broken":            {{script: []outcome{{err: reset}, ok}}, {script: []outcome{{err: io.ErrUnexpectedEOF}, {err: reset}, {err: reset}}}, {script: []outcome{{status: 500, code: "InternalError"}, {err: reset}, ok}}},
	"late":              {{script: []outcome{{err: context.DeadlineExceeded}, ok}}},
	"unreadable":        {{script: []outcome{{status: 200, fields: []string{"Content-Length", "ten"}}}}, {script: []outcome{{status: 200, fields: []string{"Last-Modified", "now"}}}}},
	"undated":           {{script: []outcome{{status: 200, fields: []string{"Date", "today"}}}}, {script: []outcome{{status: 200, ahead: never}}}},
	"canceled":          {{script: []outcome{{err: context.Canceled, cut: true}}}, {script: []outcome{{status: 404, code: "NoSuchKey", cut: true}}}, {script: []outcome{{status: 200, cut: true}}}},
	"ended before":      {{deadline: -1}, {script: []outcome{ok}}},
	"deadline":          {{deadline: time.Second, script: []outcome{ok}}, {deadline: time.Minute, script: []outcome{{status: 503, ahead: 20 * time.Second}, ok}}, {deadline: time.Minute, script: []outcome{{status: 200, ahead: 30 * time.Second}}}, {deadline: time.Minute, part: true, script: []outcome{part}}},
	"credentials":       {{script: []outcome{{code: "credentials", err: errRefused}}}, {script: []outcome{{code: "credentials", err: &aws.RequestCanceledError{Err: errRefused}}}}},
	"credentials later": {{script: []outcome{{code: "credentials", err: reset}, ok}}, {script: []outcome{{code: "credentials", err: reset}, busy, {code: "credentials", err: errRefused}}}},
	"clock": {
		{script: []outcome{{status: 200, ahead: 20 * time.Second}}},
		{script: []outcome{ok}},
		{script: []outcome{{status: 200, ahead: -50 * time.Second}}},
		{script: []outcome{{status: 200, ahead: 3 * time.Minute}}},
		{script: []outcome{{status: 200, ahead: 3 * time.Minute}}},
		{script: []outcome{{status: 200, ahead: time.Second}}},
		{script: []outcome{ok}},
	},
	"clock is wrong": {
		{script: []outcome{{status: 403, code: "RequestTimeTooSkewed", ahead: time.Hour}, {status: 200, ahead: time.Hour}}},
		{script: []outcome{{status: 200, ahead: time.Hour}}},
		{part: true, script: []outcome{{status: 206, ahead: time.Hour}}},
		{script: []outcome{{status: 403, code: "RequestTimeTooSkewed"}, ok}},
		{script: []outcome{ok}},
	},
	"clock of a failure": {
		{script: []outcome{ok}},
		{script: []outcome{{status: 404, code: "NoSuchKey", ahead: time.Hour}}},
		{script: []outcome{ok}},
		{script: []outcome{ok}},
	},
	"clock of a cache":   {{script: []outcome{{status: 200, ahead: 40 * time.Second, fields: []string{"Age", "1"}}}}, {script: []outcome{ok}}},
	"clock of long ago":  {{script: []outcome{{status: 200, ahead: 40 * time.Second, after: 16 * time.Minute}}}, {script: []outcome{ok}}},
	"clock, too late":    {{script: []outcome{{status: 403, code: "RequestTimeTooSkewed", ahead: time.Hour, after: 16 * time.Minute}, ok}}},
	"clock, after a day": {{script: []outcome{{status: 503, after: 5 * time.Minute}, ok}}},
}

// The store gets the same requests as from the SDK, and an error is the same.
func TestOutcomesAsTheSDK(t *testing.T) {
	for name, calls := range outcomes {
		checkOutcomes(t, name, calls, func(*s3.Options) {})
		checkOutcomes(t, name+", own clock", calls, func(o *s3.Options) { o.DisableClockSkewCorrection = true })
		checkOutcomes(t, name+", one try", calls, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
		checkOutcomes(t, name+", no retries", calls, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
	}
}

// A first attempt that has to wait is left to the SDK.
func TestOtherRetryers(t *testing.T) {
	for name, r := range map[string]aws.Retryer{
		"adaptive":              retry.NewAdaptiveMode(),
		"adaptive, wrapped":     retry.AddWithMaxAttempts(retry.NewAdaptiveMode(), 5),
		"the caller's":          struct{ aws.RetryerV2 }{retry.NewStandard()},
		"the caller's, wrapped": retry.AddWithErrorCodes(struct{ aws.RetryerV2 }{retry.NewStandard()}, "X"),
	} {
		if s3bucket.IsDirect(s3bucket.New(offline(func(o *s3.Options) { o.Retryer = r }), "bkt", nil)) {
			t.Errorf("%s: the SDK isn't asked", name)
		}
	}
	for name, r := range map[string]aws.Retryer{
		"attempts": retry.AddWithMaxAttempts(retry.NewStandard(), 5),
		"codes":    retry.AddWithErrorCodes(retry.AddWithMaxBackoffDelay(aws.NopRetryer{}, time.Second), "X"),
	} {
		if !s3bucket.IsDirect(s3bucket.New(offline(func(o *s3.Options) { o.Retryer = r }), "bkt", nil)) {
			t.Errorf("%s: the SDK is asked", name)
		}
	}
}

// The id of a trace in Lambda is another one each time.
func TestTracesOfLambda(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
	t.Setenv("_X_AMZN_TRACE_ID", "Root=1")
	if s3bucket.IsDirect(s3bucket.New(offline(), "bkt", nil)) {
		t.Error("the SDK isn't asked")
	}
}

// If the client has learned the store's clock from a request of the caller's, it is
// right and the storage isn't.
func TestClockKnownToTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{ids: map[string]bool{}}
		client := offline(func(o *s3.Options) { o.HTTPClient, o.Credentials, o.Logger = w, w, w })
		s := s3bucket.Warm(s3bucket.New(client, "bkt", nil))
		w.script = []outcome{{status: 200, ahead: time.Hour}}
		if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("a")}); err != nil {
			t.Fatal(err)
		}
		w.script = []outcome{
			{status: 403, code: "RequestTimeTooSkewed", ahead: time.Hour},
			{status: 200, ahead: time.Hour},
			{status: 200, ahead: time.Hour},
		}
		for range 2 {
			h, err := file(t, s, "a").Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h.Close()
		}
		if len(w.script) > 0 || w.open > 1 { // the answer to HEAD
			t.Errorf("%d answers left, %d bodies open; want none and that of HEAD:\n%s", len(w.script), w.open, strings.Join(w.log, "\n"))
		}

		if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("a")}); err != nil {
			t.Fatal(err)
		}
		w.log = nil
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
		if log := strings.Join(w.log, "\n"); strings.Count(log, "GET ") != 1 || !strings.Contains(log, " 0s from now") {
			t.Errorf("with the clocks set right again, want one request that is signed now:\n%s", log)
		}
	})
}

// A real store accepts the requests.
func TestDirectToAStore(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a b/ü+%.txt", []byte("0123456789"))
	s := s3bucket.Warm(s3bucket.New(srv.Client, srv.Bucket, nil))
	if !s3bucket.IsDirect(s) {
		t.Fatal("the SDK is asked for each object")
	}
	f := file(t, s, "a b/ü+%.txt")
	fi, err := downloadview.Stat(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	pinned := downloadview.Pin(f, downloadview.AttributesOf(fi).ETag)
	srv.Counter.Reset()
	h, err := pinned.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "0123456789" {
		t.Errorf("%q", got)
	}
	if h, err = downloadview.OpenRange(t.Context(), pinned, -3, 0); err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "789" {
		t.Errorf("the last bytes are %q", got)
	}
	if _, err := downloadview.Pin(f, `"other"`).Open(t.Context()); !errors.Is(err, downloadview.ErrChanged) {
		t.Errorf("another version: %v, want ErrChanged", err)
	}
	if _, err := downloadview.OpenRange(t.Context(), f, 10, 1); !errors.Is(err, downloadview.ErrRange) {
		t.Errorf("after the end: %v, want ErrRange", err)
	}
	if _, err := file(t, s, "missing").Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v, want fs.ErrNotExist", err)
	}
	if n := len(srv.Counter.Requests()); n != 5 {
		t.Errorf("%d requests, want one for each: %v", n, srv.Counter.Requests())
	}
}

// A read without the SDK's middleware needs a third of the allocations, after the first ones.
func TestAllocationsOfARead(t *testing.T) {
	answer := answering{http.Header{"Content-Length": {"7"}}, new(int)}
	client := offline(func(o *s3.Options) { o.HTTPClient = answer })
	sdk := testing.AllocsPerRun(100, func() {
		if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("a")}); err != nil {
			t.Fatal(err)
		}
	})
	f := file(t, s3bucket.New(client, "bkt", nil), "a")
	for range manyURLs {
		f.Open(t.Context())
	}
	ours := testing.AllocsPerRun(100, func() {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
	})
	if ours > sdk/3 {
		t.Errorf("%v allocations, the SDK's GetObject has %v; want a third", ours, sdk)
	}
}
