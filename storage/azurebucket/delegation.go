package azurebucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/downloadview/downloadview/internal/bucket"
)

const (
	// keyLife is how long a requested key is valid at least. longestLife is the
	// maximum for which Azure issues keys.
	keyLife     = 24 * time.Hour
	longestLife = 7 * 24 * time.Hour
	// skew is the largest difference expected between this machine's clock and
	// Azure's.
	skew = time.Minute
)

// UserDelegation signs with keys that Azure issues to the identity of client.
// The identity needs the permissions to request keys
// (generateUserDelegationKey) and to read the blobs. A key is requested with
// the first URL, again when a URL must be valid for longer than the key is, and
// again if the clock was set back to before the key is valid: about one request a
// day. Meanwhile, other calls wait for the new key.
//
// client is a client of the account of the container. The account's name is the
// first part of the client's host name, as in account.blob.core.windows.net.
// URLs are valid for seven days at most; a longer Expiry is
// [errors.ErrUnsupported].
func UserDelegation(client *service.Client) SignFunc {
	d := &delegation{client: client, turn: make(chan struct{}, 1)}
	return d.sign
}

type delegation struct {
	client *service.Client
	turn   chan struct{} // holds a token while a goroutine uses the fields below
	key    *sas.UserDelegationCredential
	since  time.Time // when the key begins to be valid
	until  time.Time
}

func (d *delegation) sign(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
	key, err := d.keyUntil(ctx, v.ExpiryTime)
	if err != nil {
		return sas.QueryParameters{}, err
	}
	return v.SignWithUserDelegation(key)
}

// keyUntil returns a key that is valid until end or longer.
func (d *delegation) keyUntil(ctx context.Context, end time.Time) (*sas.UserDelegationCredential, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := time.Now().UTC().Round(0)
	if d.key != nil && !end.After(d.until) && !now.Before(d.since) { // the clock may have been set back
		return d.key, nil
	}
	since := now.Add(-skew)
	until := now.Add(keyLife)
	if end.After(until) {
		until = end
	}
	if until.After(now.Add(longestLife - skew)) {
		return nil, fmt.Errorf("%w: the signed URL should expire at %v; Azure allows up to seven days", errors.ErrUnsupported, end)
	}
	key, err := d.client.GetUserDelegationCredential(ctx, service.KeyInfo{
		Start:  to.Ptr(since.Format(sas.TimeFormat)),
		Expiry: to.Ptr(until.Format(sas.TimeFormat)),
	}, nil)
	if err != nil {
		return nil, delegationError(ctx, err)
	}
	d.key, d.since, d.until = key, since, until.Truncate(time.Second)
	return key, nil
}

// delegationError is the error for a failed request for a key. An answer of
// Azure says nothing about the blob.
func delegationError(ctx context.Context, err error) error {
	e, ok := errors.AsType[*azcore.ResponseError](err)
	if ok && ctx.Err() == nil && (e.StatusCode == http.StatusServiceUnavailable || e.StatusCode == http.StatusTooManyRequests) {
		return bucket.Busy(retryAfter(e), err)
	}
	return bucket.Failed(ctx, err)
}
