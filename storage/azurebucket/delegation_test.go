package azurebucket_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// keys issues keys as Azurite would to a client with a token, for which Azurite
// requires TLS. The keys are the same as Azurite's, so the server accepts
// signatures made with them.
type keys struct {
	mu    sync.Mutex
	asked int
	fail  int // status; 0: none
}

func (k *keys) Do(r *http.Request) (*http.Response, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	answer := func(status int, body string) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
	}
	if k.fail != 0 {
		return answer(k.fail, ""), nil
	}
	if q := r.URL.Query(); r.Method != http.MethodPost || q.Get("comp") != "userdelegationkey" {
		return nil, fmt.Errorf("%s %s is no request for a key", r.Method, r.URL)
	}
	var info struct{ Start, Expiry string }
	if err := xml.NewDecoder(r.Body).Decode(&info); err != nil {
		return nil, err
	}
	const object, tenant, version = "object-1", "tenant-1", "2026-06-06"
	mac := hmac.New(sha256.New, []byte("azurite-user-delegation-signing-seed-v1"))
	io.WriteString(mac, strings.Join([]string{object, tenant, info.Start, info.Expiry, "b", version}, "\n"))
	return answer(http.StatusOK, fmt.Sprintf(`<UserDelegationKey><SignedOid>%s</SignedOid><SignedTid>%s</SignedTid>
		<SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry><SignedService>b</SignedService>
		<SignedVersion>%s</SignedVersion><Value>%s</Value></UserDelegationKey>`,
		object, tenant, info.Start, info.Expiry, version, base64.StdEncoding.EncodeToString(mac.Sum(nil)))), nil
}

func delegation(t *testing.T, k *keys) azurebucket.SignFunc {
	t.Helper()
	o := &service.ClientOptions{}
	o.Transport, o.Retry = k, azuretest.Options(t).Retry
	client, err := service.NewClientWithNoCredential("http://tester.blob.test/", o)
	if err != nil {
		t.Fatal(err)
	}
	return azurebucket.UserDelegation(client)
}

func TestUserDelegation(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a b", []byte("content"))
	k := &keys{}
	s := azurebucket.New(srv.Client, &azurebucket.Options{
		Sign:         delegation(t, k),
		SignEndpoint: &url.URL{Scheme: "http", Host: "tester.blob.test"}, // the account is in the host, as at Azure
	})
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(srv.Endpoint, "http://"))
	}}
	defer transport.CloseIdleConnections()
	get := func(u string) (int, string, http.Header) {
		t.Helper()
		resp, err := (&http.Client{Transport: transport}).Get(u)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header
	}
	u := sign(t, s, "a b", downloadview.SignOptions{Disposition: "attachment; filename=c", ContentType: "text/x-c"})
	status, body, header := get(u)
	if status != http.StatusOK || body != "content" ||
		header.Get("Content-Disposition") != "attachment; filename=c" || header.Get("Content-Type") != "text/x-c" {
		t.Errorf("%s: status %d, %q, %v; want the blob as it was signed", u, status, body, header)
	}
	if status, _, _ := get(strings.Replace(u, "filename%3Dc", "filename%3Dd", 1)); status != http.StatusForbidden {
		t.Errorf("with another name: status %d, want 403", status)
	}
}

// A key is requested once and used until a URL has to outlive it.
func TestDelegationKeys(t *testing.T) {
	k := &keys{}
	s := elsewhere(t, &azurebucket.Options{Sign: delegation(t, k)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			f, err := s.File("a")
			if err == nil {
				_, _, err = downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, tt := range []struct {
		expiry time.Duration
		asked  int
	}{
		{23 * time.Hour, 1},
		{25 * time.Hour, 2},
		{24 * time.Hour, 2},
		{6 * 24 * time.Hour, 3},
		{time.Minute, 3},
	} {
		sign(t, s, "a", downloadview.SignOptions{Expiry: tt.expiry})
		if k.asked != tt.asked {
			t.Errorf("after a URL for %v %d keys were asked for, want %d", tt.expiry, k.asked, tt.asked)
		}
	}
	f := file(t, s, "a")
	if _, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Expiry: 8 * 24 * time.Hour}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a URL for eight days: %v, want errors.ErrUnsupported", err)
	}
	if k.asked != 3 {
		t.Errorf("%d keys were asked for, want no other", k.asked)
	}
}

func TestDelegationFails(t *testing.T) {
	k := &keys{fail: http.StatusServiceUnavailable}
	s := elsewhere(t, &azurebucket.Options{Sign: delegation(t, k)})
	f := file(t, s, "a")
	if _, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{}); downloadview.StatusCode(err) != http.StatusServiceUnavailable {
		t.Errorf("no key: %v, want 503", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := downloadview.SignedURL(ended, f, downloadview.SignOptions{}); !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("a context that has ended: %v, want context.Canceled", err)
	}
	k.fail = 0
	sign(t, s, "a", downloadview.SignOptions{})
}

// A call that waits for another call's key stops waiting when its context ends.
func TestDelegationWaits(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	o := &service.ClientOptions{}
	o.Transport = doer(func(*http.Request) (*http.Response, error) {
		close(asked)
		<-answer
		return nil, errors.New("no key")
	})
	o.Retry = azuretest.Options(t).Retry
	client, err := service.NewClientWithNoCredential("http://tester.blob.test/", o)
	if err != nil {
		t.Fatal(err)
	}
	signer := azurebucket.UserDelegation(client)
	v := sas.BlobSignatureValues{ExpiryTime: time.Now().Add(time.Hour), Permissions: "r", ContainerName: "files", BlobName: "a"}
	done := make(chan error)
	go func() {
		_, err := signer(t.Context(), v)
		done <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := signer(ctx, v); !errors.Is(err, context.Canceled) {
		t.Errorf("while another waits: %v, want context.Canceled", err)
	}
	close(answer)
	if err := <-done; err == nil {
		t.Error("the other got a key, want an error")
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// If the clock was ahead when a key was issued, Azure refuses the key until then.
func TestKeyAfterTheClockWasSetBack(t *testing.T) {
	k := &keys{}
	sign := delegation(t, k)
	once := func() {
		t.Helper()
		_, err := sign(t.Context(), sas.BlobSignatureValues{
			ExpiryTime: time.Now().UTC().Add(time.Hour), Permissions: "r", ContainerName: "files", BlobName: "a",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	once()
	synctest.Test(t, func(*testing.T) { // in the year 2000
		once()
		once()
	})
	if k.asked != 2 {
		t.Errorf("%d keys were asked for, want one before and one after the change", k.asked)
	}
}
