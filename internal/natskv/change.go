package natskv

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// attempt is how long one try may take: a request to a server that was killed has no
// answer.
const attempt = time.Second

// Change changes the value of a key, which is JSON. f may be called several times. It
// changes the value, and returns for how long it is to be kept, or 0 if it has changed
// nothing. Change writes only if nobody else has written since it read; if that fails, or a
// server does, it tries again until ctx is done. What is written has an ID of its own, so
// that it is written once, even if the server's answer was lost.
func Change[T any](ctx context.Context, b *Bucket, key string, f func(*T) (keep time.Duration)) error {
	return ChangeOnce(ctx, b, key, rand.Text(), f)
}

// ChangeOnce is [Change] with the ID of what is written. If it is called again with the same
// one, within the two minutes for which servers remember it, nothing is written again.
func ChangeOnce[T any](ctx context.Context, b *Bucket, key, id string, f func(*T) (keep time.Duration)) error {
	return b.retry(ctx, func(ctx context.Context) error {
		var value T
		revision, err := b.get(ctx, key, &value)
		if err != nil {
			return err
		}
		keep := f(&value)
		if keep <= 0 {
			return nil
		}
		data, err := json.Marshal(&value)
		if err != nil {
			return err
		}
		_, err = b.JS.PublishMsg(ctx, &nats.Msg{Subject: b.Subject(key), Data: data}, jetstream.WithMsgID(id),
			jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(keep))
		return err
	})
}

// Get reads the value of a key. If there is none, it leaves value as it is. It tries until
// ctx is done.
func (b *Bucket) Get(ctx context.Context, key string, value any) error {
	return b.retry(ctx, func(ctx context.Context) error {
		_, err := b.get(ctx, key, value)
		return err
	})
}

func (b *Bucket) get(ctx context.Context, key string, value any) (revision uint64, err error) {
	stream, err := b.Found(ctx)
	if err != nil {
		return 0, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, b.Subject(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(msg.Data) > 0 { // else somebody has deleted the key
		if err := json.Unmarshal(msg.Data, value); err != nil {
			return 0, b.foreign(err)
		}
	}
	return msg.Sequence, nil
}

// foreign is the error for a value that can't be read.
func (b *Bucket) foreign(err error) error {
	return fmt.Errorf("the value of a key is not one of the %s: %w", b.o.Of, err)
}

// Each calls each for the values of all keys that match pattern, until it returns an
// error, which Each returns. A value that is changed meanwhile may come twice, the newer
// one later. Each asks the leader for one value after the other: a consumer can hang for
// minutes when a server was killed.
func Each[T any](ctx context.Context, b *Bucket, pattern string, each func(T) error) error {
	for next := uint64(1); ; {
		var msg *jetstream.RawStreamMsg
		err := b.retry(ctx, func(ctx context.Context) error {
			stream, err := b.Found(ctx)
			if err != nil {
				return err
			}
			msg, err = stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(b.Subject(pattern)))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				msg, err = nil, nil
			}
			return err
		})
		if err != nil || msg == nil {
			return err
		}
		next = msg.Sequence + 1
		if len(msg.Data) == 0 { // somebody has deleted the key
			continue
		}
		var value T
		if err := json.Unmarshal(msg.Data, &value); err != nil {
			return fmt.Errorf("%s: %w", b.o.Caller, b.foreign(err))
		}
		if err := each(value); err != nil {
			return err
		}
	}
}

// retry calls try until it returns no error, or ctx is done.
func (b *Bucket) retry(ctx context.Context, try func(context.Context) error) error {
	var last error
	for pause := time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 64*time.Millisecond) {
		if last != nil {
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause/2 + mathrand.N(pause)):
			}
		}
		once, cancel := context.WithTimeout(ctx, attempt)
		err := try(once)
		cancel()
		if err == nil {
			return nil
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			b.stream.Store(nil) // somebody has deleted the bucket, or the server has lost its disk
		}
		if _, ok := errors.AsType[*unfitError](err); ok {
			return fmt.Errorf("%s: %w", b.o.Caller, err)
		}
		if last == nil || !errors.Is(err, context.DeadlineExceeded) { // else the earlier one says more
			last = err
		}
	}
	if nc := b.JS.Conn(); !nc.IsConnected() {
		last = errors.New("there is no connection")
		if err := nc.LastError(); err != nil { // such as a certificate that is not trusted
			last = fmt.Errorf("%w: %w", last, err)
		}
	}
	if last != nil {
		return fmt.Errorf("%s: %w: %w", b.o.Caller, ctx.Err(), last)
	}
	return fmt.Errorf("%s: %w", b.o.Caller, ctx.Err())
}
