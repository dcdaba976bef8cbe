package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"golang.org/x/oauth2"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// The certificates of AWS_CA_BUNDLE are trusted, and each download has its own
// connection.
func TestCertificatesOfTheEnvironment(t *testing.T) {
	c := startS3(t)
	store := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	}))
	store.EnableHTTP2 = true
	store.StartTLS()
	defer store.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: store.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o666); err != nil {
		t.Fatal(err)
	}
	where := "s3://b" + c.at(t, store.URL)
	if got := serve(t, "--tries=1", where).get(t, "/a"); got.StatusCode != http.StatusBadGateway {
		t.Errorf("a certificate of nobody's: %d, want 502", got.StatusCode)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	if got := serve(t, where).get(t, "/a"); got.body != "HTTP/1.1" {
		t.Errorf("%d %q, want it by HTTP/1.1", got.StatusCode, got.body)
	}
}

// Azure can also be used with a connection string, and with a shared access signature.
// The token of the signature is never in the log.
func TestAzureCredentials(t *testing.T) {
	s := azuretest.Start(t)
	s.Put(t, "a.txt", digits[:10])
	t.Setenv("AZURE_STORAGE_KEY", "")
	connection := fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s/%[1]s;", s.Account, s.Key, s.Endpoint)
	t.Run("connection string", func(t *testing.T) {
		t.Setenv("AZURE_STORAGE_ACCOUNT", "")
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
		l := serve(t, "azblob://"+s.Container)
		if got := l.get(t, "/a.txt"); got.body != string(digits[:10]) {
			t.Errorf("%d %q", got.StatusCode, got.body)
		}
		storage, release, err := open(t.Context(), parse(t, "azblob://"+s.Container), reach())
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		f, err := storage.File("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		if u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{}); err != nil || !strings.HasPrefix(u, s.Endpoint) {
			t.Errorf("signed URL %s, %v", u, err)
		}
	})
	t.Run("token", func(t *testing.T) {
		token, err := sas.BlobSignatureValues{
			ContainerName: s.Container, Permissions: to.Ptr(sas.BlobPermissions{Read: true}).String(), Protocol: sas.ProtocolHTTPSandHTTP,
			ExpiryTime: time.Now().Add(24 * time.Hour).UTC(),
		}.SignWithSharedKey(s.Credential(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("AZURE_STORAGE_ACCOUNT", s.Account)
		t.Setenv("AZURE_STORAGE_PROTOCOL", "http")
		t.Setenv("AZURE_STORAGE_IS_LOCAL_EMULATOR", "true")
		t.Setenv("AZURE_STORAGE_SAS_TOKEN", token.Encode())
		for place, want := range map[string]int{
			address(s.Endpoint): http.StatusOK,
			fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t)): http.StatusBadGateway,
		} {
			t.Setenv("AZURE_STORAGE_DOMAIN", place)
			l := serve(t, "--tries=1", "azblob://"+s.Container)
			if got := l.get(t, "/a.txt"); got.StatusCode != want {
				t.Errorf("%d, want %d", got.StatusCode, want)
			}
			l.get(t, "/none")
			if log := l.log(); strings.Contains(log, "sig=") || strings.Contains(log, token.Signature()) {
				t.Errorf("the log has the token:\n%s", log)
			}
		}
	})
}

// The key of a service account signs URLs without a request.
func TestGoogleServiceAccount(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "reader@example.com", "token_uri": "http://127.0.0.1:1/",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	storage, release, err := open(t.Context(), parse(t, "gs://b?sign_endpoint=https%3A%2F%2Ffiles.example.com&prefix=2026/"), reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	f, err := storage.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	if err != nil || !strings.HasPrefix(u, "https://files.example.com/b/2026/a.txt?") || !strings.Contains(u, "reader%40example.com") {
		t.Errorf("signed URL %s, %v", u, err)
	}
	if _, err := f.Open(t.Context()); downloadview.StatusCode(err) != http.StatusBadGateway || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("nobody gives out tokens: %v, want 502", err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file+".missing")
	if _, _, err := open(t.Context(), parse(t, "gs://b"), reach()); err == nil || !strings.Contains(err.Error(), "key.json.missing") {
		t.Errorf("a missing file: %v, want its name", err)
	}
}

// tokens is a server that issues tokens.
type tokens func() (*oauth2.Token, error)

func (f tokens) Token() (*oauth2.Token, error) { return f() }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBearer(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	var sent string
	base := roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("Authorization")
		return nil, errors.ErrUnsupported
	})
	b := &bearer{base, tokens(func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "abc"}, nil })}
	if _, err := b.RoundTrip(r); !errors.Is(err, errors.ErrUnsupported) || sent != "Bearer abc" || r.Header.Get("Authorization") != "" {
		t.Errorf("sent %q, %v", sent, err)
	}
	b.tokens = tokens(func() (*oauth2.Token, error) { return nil, os.ErrDeadlineExceeded })
	if _, err := b.RoundTrip(r); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent giver of tokens: %v, want no timeout of the store", err)
	}
	asked, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	b.tokens = tokens(func() (*oauth2.Token, error) { close(asked); <-end; return nil, nil })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := b.RoundTrip(r.WithContext(ctx)); !errors.Is(err, ctx.Err()) {
		t.Errorf("a request that ended: %v, want %v", err, ctx.Err())
	}
}

// A redirect to another host, or to another scheme, gets no token.
func TestBearerStaysAtItsHost(t *testing.T) {
	var sent []string
	base := roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.String()+" "+r.Header.Get("Authorization"))
		resp := &http.Response{StatusCode: http.StatusFound, Header: http.Header{}, Body: http.NoBody, Request: r}
		switch r.URL.String() {
		case "https://store.test/a":
			resp.Header.Set("Location", "/b")
		case "https://store.test/b":
			resp.Header.Set("Location", "http://store.test/c")
		case "http://store.test/c":
			resp.Header.Set("Location", "https://other.test/d")
		case "https://other.test/d":
			resp.Header.Set("Location", "https://store.test/e")
		default:
			resp.StatusCode = http.StatusOK
		}
		return resp, nil
	})
	b := &bearer{base, tokens(func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "abc"}, nil })}
	resp, err := (&http.Client{Transport: b}).Get("https://store.test/a")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	want := []string{
		"https://store.test/a Bearer abc", "https://store.test/b Bearer abc", "http://store.test/c ", "https://other.test/d ", "https://store.test/e ",
	}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
}
