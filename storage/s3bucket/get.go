package s3bucket

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

// get asks for an object or a range of it, and returns the answer and its status,
// which is from 200 to 299. The SDK isn't asked if the storage knows how its request
// looks and the answer is the usual one.
func (s *Storage) get(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, int, error) {
	d := s.direct.get()
	if d == nil || ctx.Err() != nil || !d.applies(&s.clock) {
		return s.ask(ctx, in)
	}
	first := d.try(ctx, in, s)
	if out := first.object(in); out != nil {
		return out, first.response.StatusCode, nil
	}
	defer first.drop()
	return s.ask(ctx, in, first.replay)
}

// ask is get by the SDK.
func (s *Storage) ask(ctx context.Context, in *s3.GetObjectInput, more ...func(*s3.Options)) (*s3.GetObjectOutput, int, error) {
	out, err := askSDK(ctx, s.client, in, more...)
	if err != nil {
		return nil, 0, err
	}
	s.learn(out.ResultMetadata)
	return out, statusOf(out.ResultMetadata), nil
}

// learn reads the store's clock from the metadata of a success.
func (s *Storage) learn(m middleware.Metadata) {
	s.skew.learn(m)
	s.clock.learn(m)
}

func askSDK(ctx context.Context, client *s3.Client, in *s3.GetObjectInput, more ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	options := []func(*s3.Options){unvalidated, lean}
	if in.Range == nil {
		options = append(options, withChecksum)
	}
	return client.GetObject(ctx, in, append(options, more...)...)
}
