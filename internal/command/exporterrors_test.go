package command

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A collector that is down is one line a minute.
func TestExportErrorsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := &exportErrors{logger: slog.New(slog.NewTextHandler(&log, nil))}
		for range 13 { // two minutes
			e.Handle(errors.New("connection refused"))
			time.Sleep(10 * time.Second)
		}
		if n := strings.Count(log.String(), "connection refused"); n != 3 {
			t.Errorf("%d lines, want 3:\n%s", n, &log)
		}
	})
}
