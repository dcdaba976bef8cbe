package gocloud_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// denying fails every operation.
type denying struct{ cloud }

func (d *denying) Delete(context.Context, string, *driver.DeleteOptions) error { return d.err }

func (d *denying) ListPaged(context.Context, *driver.ListOptions) (*driver.ListPage, error) {
	return nil, d.err
}

func (d *denying) NewTypedWriter(context.Context, string, string, *driver.WriterOptions) (driver.Writer, error) {
	return nil, d.err
}

func TestDenied(t *testing.T) {
	in := downloadview.Source{Scheme: "s3", Host: "bkt", Path: "in/"}
	for name, c := range map[string]cloud{
		"the driver says so":    {err: errors.New("403 denied"), code: gcerrors.PermissionDenied},
		"the code of S3 is it":  {err: awsError{403, "AccessDenied"}, code: gcerrors.Unknown},
		"the answer to HEAD is": {err: awsError{403, "Forbidden"}, code: gcerrors.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			buckettest.Denied(t, "s3://bkt/in/a b", "403", func(t *testing.T, l *slog.Logger) downloadview.Storage {
				return gocloud.New(closing(t, blob.NewBucket(&denying{c})), &gocloud.Options{Source: in, Logger: l})
			})
		})
	}
}
