package azurebucket_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// A sender is a client whose errors don't have the URL, as the command's, or
// have it, as net/http's.
type sender struct{ http.RoundTripper }

func (s sender) Do(r *http.Request) (*http.Response, error) { return s.RoundTrip(r) }

func TestCauses(t *testing.T) {
	for name, transport := range map[string]func(http.RoundTripper) policy.Transporter{
		"bare":     func(rt http.RoundTripper) policy.Transporter { return sender{rt} },
		"net/http": func(rt http.RoundTripper) policy.Transporter { return &http.Client{Transport: rt} },
	} {
		t.Run(name, func(t *testing.T) {
			open := func(t *testing.T, rt http.RoundTripper) downloadview.Storage {
				o := azuretest.Options(t)
				o.Transport = transport(rt)
				client, err := container.NewClientWithNoCredential("http://azure.test/acct/bkt", o)
				if err != nil {
					t.Fatal(err)
				}
				return azurebucket.New(client, nil)
			}
			storagetest.RunCauses(t, open)
			buckettest.KeepsCause(t, open)
		})
	}
}

// tokens is a credential that returns an error instead of tokens.
type tokens struct{ err error }

func (s tokens) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, s.err
}

// An answer from the service that issues tokens isn't the store's answer about
// the blob.
func TestCausesOfCredentials(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
	}{
		{403, "AuthorizationPermissionMismatch"},
		{404, "ResourceNotFound"},
		{404, ""},
		{412, ""},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ms-Error-Code", tt.code)
			w.WriteHeader(tt.status)
		}))
		t.Cleanup(srv.Close)
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		t.Run(fmt.Sprint(tt.status, tt.code), func(t *testing.T) { checkCredentials(t, runtime.NewResponseError(resp)) })
	}
	t.Run("no token file", func(t *testing.T) { checkCredentials(t, fmt.Errorf("token file: %w", fs.ErrNotExist)) })
	t.Run("forbidden", func(t *testing.T) { checkCredentials(t, fmt.Errorf("token file: %w", fs.ErrPermission)) })
}

func checkCredentials(t *testing.T, cause error) {
	client, err := container.NewClient("https://azure.test/bkt", tokens{cause}, azuretest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	theirs := service.ClientOptions(*azuretest.Options(t))
	keys, err := service.NewClient("https://azure.test", tokens{cause}, &theirs)
	if err != nil {
		t.Fatal(err)
	}
	s := azurebucket.New(client, &azurebucket.Options{Sign: azurebucket.UserDelegation(keys)})
	f := file(t, s, "a")
	_, err = f.Open(t.Context())
	buckettest.CheckCause(t, "Open", err, err)
	_, err = downloadview.Stat(t.Context(), f)
	buckettest.CheckCause(t, "Stat", err, err)
	_, err = downloadview.Exists(t.Context(), s, "a")
	buckettest.CheckCause(t, "Exists", err, err)
	_, _, err = downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	buckettest.CheckCause(t, "SignedURL", err, err)
}

// authority answers the requests that a workload identity sends before it reads
// its token file.
type authority struct{}

func (authority) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	at := "https://" + r.URL.Host + "/tenant"
	fmt.Fprintf(w, `{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, at)
	return w.Result(), nil
}

// A missing token file of a workload identity isn't a missing blob.
func TestMissingTokenFile(t *testing.T) {
	o := &azidentity.WorkloadIdentityCredentialOptions{
		ClientID: "client", TenantID: "tenant", TokenFilePath: filepath.Join(t.TempDir(), "missing-token"), DisableInstanceDiscovery: true,
	}
	o.Transport = authority{}
	credential, err := azidentity.NewWorkloadIdentityCredential(o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := container.NewClient("https://azure.test/bkt", credential, azuretest.Options(t))
	if err != nil {
		t.Fatal(err)
	}
	f := file(t, azurebucket.New(client, nil), "a")
	_, err = f.Open(t.Context())
	buckettest.CheckCause(t, "Open", err, err)
	if err == nil || !strings.Contains(err.Error(), "missing-token") {
		t.Errorf("Open: %v, want an error that names the token file", err)
	}
	_, err = downloadview.Stat(t.Context(), f)
	buckettest.CheckCause(t, "Stat", err, err)
}

// If the identity isn't allowed to request keys for signing, that says nothing
// about the blob.
func TestForbiddenDelegation(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Ms-Error-Code", "AuthorizationPermissionMismatch")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer srv.Close()
	var theirs service.ClientOptions
	theirs.Transport, theirs.Retry = srv.Client(), policy.RetryOptions{MaxRetries: -1}
	keys, err := service.NewClientWithNoCredential(srv.URL, &theirs)
	if err != nil {
		t.Fatal(err)
	}
	client, err := container.NewClientWithNoCredential(srv.URL+"/bkt", nil)
	if err != nil {
		t.Fatal(err)
	}
	f := file(t, azurebucket.New(client, &azurebucket.Options{Sign: azurebucket.UserDelegation(keys)}), "a")
	_, _, err = downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	buckettest.CheckCause(t, "SignedURL", err, err)
}

// Without a container, Exists can't say whether there is a blob.
func TestExistsWithoutContainer(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Ms-Error-Code", "ContainerNotFound")
		w.WriteHeader(http.StatusNotFound)
	})
	_, err := downloadview.Exists(t.Context(), s, "a")
	buckettest.CheckCause(t, "Exists", err, err)
	if _, err := file(t, s, "a").Open(t.Context()); downloadview.StatusCode(err) != http.StatusNotFound {
		t.Errorf("Open: %v, want 404", err)
	}
}
