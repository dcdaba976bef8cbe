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
	// keyLife is how long a key is asked for, at least, and longestLife how
	// long Azure gives one out for.
	keyLife     = 24 * time.Hour
	longestLife = 7 * 24 * time.Hour
	// skew is how far the clocks of this machine and of Azure may be apart.
	skew = time.Minute
)

// UserDelegation signs with keys that Azure gives to the identity of client,
// which needs the right to ask for them (generateUserDelegationKey) and to read
// the blobs. It asks for one with the first URL, and for another when a URL is
// to be good for longer than the key: about one request a day. Until that is
// answered others wait for it.
//
// client is that of the account whose container it is, by a name like
// account.blob.core.windows.net, whose first part is taken for the account's.
// URLs are good for seven days at most; more is [errors.ErrUnsupported].
func UserDelegation(client *service.Client) SignFunc {
	d := &delegation{client: client, turn: make(chan struct{}, 1)}
	return d.sign
}

type delegation struct {
	client *service.Client
	turn   chan struct{} // holds one token while somebody uses what follows
	key    *sas.UserDelegationCredential
	until  time.Time
}

func (d *delegation) sign(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
	key, err := d.keyUntil(ctx, v.ExpiryTime)
	if err != nil {
		return sas.QueryParameters{}, err
	}
	return v.SignWithUserDelegation(key)
}

// keyUntil returns a key that is good until end, or for longer.
func (d *delegation) keyUntil(ctx context.Context, end time.Time) (*sas.UserDelegationCredential, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.key != nil && !end.After(d.until) {
		return d.key, nil
	}
	now := time.Now().UTC()
	until := now.Add(keyLife)
	if end.After(until) {
		until = end
	}
	if until.After(now.Add(longestLife - skew)) {
		return nil, fmt.Errorf("%w: a URL until %v, and Azure signs for seven days at most", errors.ErrUnsupported, end)
	}
	key, err := d.client.GetUserDelegationCredential(ctx, service.KeyInfo{
		Start:  to.Ptr(now.Add(-skew).Format(sas.TimeFormat)),
		Expiry: to.Ptr(until.Format(sas.TimeFormat)),
	}, nil)
	if err != nil {
		return nil, delegationError(ctx, err)
	}
	d.key, d.until = key, until.Truncate(time.Second)
	return key, nil
}

// delegationError says why there is no key. Whatever Azure answers, it says
// nothing of a blob.
func delegationError(ctx context.Context, err error) error {
	e, ok := errors.AsType[*azcore.ResponseError](err)
	if ok && ctx.Err() == nil && (e.StatusCode == http.StatusServiceUnavailable || e.StatusCode == http.StatusTooManyRequests) {
		return bucket.Busy(retryAfter(e), err)
	}
	return bucket.Failed(ctx, err)
}
