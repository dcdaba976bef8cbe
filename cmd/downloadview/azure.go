package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"gocloud.dev/blob/azureblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// azureParameters are the parameters of the Go CDK.
var azureParameters = []string{"storage_account", "domain", "protocol", "localemu", "cdn"}

// openAzure finds the account and the credentials in the environment as the Go CDK
// does: AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or
// AZURE_STORAGE_CONNECTION_STRING. Without these it uses the identity that the Azure
// SDK finds at the first request.
func openAzure(_ context.Context, at *location, r *command.Reach) (downloadview.Storage, func() error, error) {
	account, err := azureAccount(at.parameters)
	if err != nil {
		return nil, nil, err
	}
	t := newTransport(r.Connect)
	a := &azure{at: account, container: at.bucket}
	a.options.Transport = sender{r.Counted(link{t})}
	a.options.Retry = policy.RetryOptions{MaxRetries: -1} // package resume retries
	client, err := a.open()
	if err != nil {
		return nil, nil, err
	}
	storage := azurebucket.New(client, &azurebucket.Options{Prefix: at.prefix, Sign: a.sign, SignEndpoint: at.signEndpoint, Logger: r.Logger})
	return storage, closing(t), nil
}

// azureAccount returns the URL of the account that the environment and the
// parameters name.
func azureAccount(q url.Values) (string, error) {
	o := azureblob.NewDefaultServiceURLOptions()
	usual := *o
	o.AccountName = cmp.Or(q.Get("storage_account"), o.AccountName)
	o.StorageDomain = cmp.Or(q.Get("domain"), o.StorageDomain)
	o.Protocol = cmp.Or(q.Get("protocol"), o.Protocol)
	for name, flag := range map[string]*bool{"localemu": &o.IsLocalEmulator, "cdn": &o.IsCDN} {
		on, err := enabled(q, name)
		if err != nil {
			return "", err
		}
		if q.Has(name) {
			*flag = on
		}
	}
	switch {
	case strings.Contains(o.StorageDomain, "://"):
		scheme, host, _ := strings.Cut(o.StorageDomain, "://")
		return "", usagef("has the domain %q with a scheme; want protocol=%s&domain=%s", o.StorageDomain, scheme, host)
	case o.Protocol != "" && o.Protocol != "http" && o.Protocol != "https":
		return "", usagef("has the protocol %q; want http or https", o.Protocol)
	case o.AccountName == "":
		return "", usagef("names no account; want storage_account=NAME, or the name in AZURE_STORAGE_ACCOUNT")
	}
	account, err := azureblob.NewServiceURL(o)
	if err != nil || o.SASToken == "" {
		return string(account), err
	}
	// The token is part of the URL, and must not be sent to another host.
	if theirs, err := azureblob.NewServiceURL(&usual); err != nil || origin(string(theirs)) != origin(string(account)) {
		return "", usagef("names another host than the account of AZURE_STORAGE_SAS_TOKEN; want that host, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_DOMAIN set to this one")
	}
	return string(account), nil
}

func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// azure has the settings to open a container of an account.
type azure struct {
	at        string // URL of the account
	container string
	options   container.ClientOptions
	sign      azurebucket.SignFunc // nil: URLs can't be signed
}

func (a *azure) open() (*container.Client, error) {
	account, key := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY")
	connection := cmp.Or(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING"))
	place, err := url.JoinPath(a.at, a.container)
	switch {
	case err != nil:
		return nil, err
	case account != "" && key != "":
		credential, err := container.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, errors.New("AZURE_STORAGE_KEY is not a key; want it in base64, as Azure shows it")
		}
		a.sign = azurebucket.SharedKey(credential)
		return container.NewClientWithSharedKeyCredential(place, credential, &a.options)
	case os.Getenv("AZURE_STORAGE_SAS_TOKEN") != "":
		return container.NewClientWithNoCredential(place, &a.options)
	case connection != "":
		client, err := container.NewClientFromConnectionString(connection, a.container, &a.options)
		if err != nil {
			return nil, errors.New("AZURE_STORAGE_CONNECTION_STRING is not a connection string; want it as Azure shows it")
		}
		a.sign = signByConnection(connection)
		return client, nil
	}
	identity, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	credential := whoever{identity}
	theirs := service.ClientOptions(a.options)
	keys, err := service.NewClient(a.at, credential, &theirs)
	if err != nil {
		return nil, err
	}
	a.sign = azurebucket.UserDelegation(keys)
	return container.NewClient(place, credential, &a.options)
}

// signByConnection returns a function that signs with the key of a connection string;
// nil if it has none.
func signByConnection(connection string) azurebucket.SignFunc {
	fields := make(map[string]string)
	for part := range strings.SplitSeq(connection, ";") {
		name, value, _ := strings.Cut(part, "=")
		fields[strings.ToLower(name)] = value
	}
	credential, err := container.NewSharedKeyCredential(fields["accountname"], fields["accountkey"])
	if err != nil || fields["accountkey"] == "" {
		return nil
	}
	return azurebucket.SharedKey(credential)
}

// sender sends requests. Its errors don't name the URL, which may carry a token.
type sender struct{ http.RoundTripper }

func (s sender) Do(r *http.Request) (*http.Response, error) { return s.RoundTrip(r) }

// whoever is the identity that the SDK finds. Its timeouts are reported as errors that
// are not timeouts, so that they aren't taken for timeouts of the store.
type whoever struct{ azcore.TokenCredential }

func (w whoever) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := w.TokenCredential.GetToken(ctx, o)
	if err != nil {
		return token, lasting(ctx, err)
	}
	return token, nil
}
