package azurebucket_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// BenchmarkSign signs URLs with the key of an account: with this package, and with
// the SDK's client of a blob.
func BenchmarkSign(b *testing.B) {
	const account = "https://acct.blob.core.windows.net/bkt"
	credential, err := container.NewSharedKeyCredential("acct", base64.StdEncoding.EncodeToString([]byte("key")))
	if err != nil {
		b.Fatal(err)
	}
	client, err := container.NewClientWithSharedKeyCredential(account, credential, nil)
	if err != nil {
		b.Fatal(err)
	}
	f, err := azurebucket.New(client, &azurebucket.Options{Sign: azurebucket.SharedKey(credential)}).File("2026/report.pdf")
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := blob.NewClientWithSharedKeyCredential(account+"/2026/report.pdf", credential, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, sign := range map[string]func() error{
		"ours": func() error {
			_, _, err := downloadview.SignedURL(b.Context(), f, downloadview.SignOptions{})
			return err
		},
		"SDK": func() error {
			_, err := theirs.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(15*time.Minute), nil)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := sign(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
