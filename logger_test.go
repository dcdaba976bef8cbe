package downloadview

import (
	"io"
	"log/slog"
)

var discard = slog.New(slog.DiscardHandler)

func loggerTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
