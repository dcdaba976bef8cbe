package main

import (
	"context"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// requesterPays adds to each request that the requester pays for it. Without that, a
// bucket with requester pays is denied to all but its owner. Signed URLs have it as a
// parameter, because they can't carry a header field.
func requesterPays(stack *middleware.Stack) error {
	const field = "x-amz-request-payer"
	return stack.Build.Add(middleware.BuildMiddlewareFunc("requesterPays", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		r, ok := in.Request.(*smithyhttp.Request)
		_, isURL := stack.Finalize.Get((*v4.PresignHTTPRequestMiddleware)(nil).ID())
		switch {
		case !ok:
		case isURL:
			q := r.URL.Query()
			q.Set(field, "requester")
			r.URL.RawQuery = q.Encode()
		default:
			r.Header.Set(field, "requester")
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}
