package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/downloadview/downloadview"
)

// CheckFile reads f to its end and checks that
//
//   - the size in its facts is the number of its bytes;
//   - its facts (size, entity tag, time in whole seconds, media type) stay the same
//     when it is opened again, and are those of [downloadview.Stat];
//   - [downloadview.OpenRange], if f supports ranges, gives the same bytes as the
//     whole file.
//
// The error joins all that was found, or says why f could not be read. The file
// must not change meanwhile.
func CheckFile(ctx context.Context, f downloadview.File) error {
	h, err := opened(f.Open(ctx))
	if err != nil {
		return err
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		return fmt.Errorf("Stat of the handle: %w", err)
	}
	facts := downloadview.AttributesOf(fi)
	samples := samplesOf(facts.Size)
	n, err := io.Copy(samples, h)
	if err != nil {
		return fmt.Errorf("reading fails after %d bytes: %w", n, err)
	}

	var p problems
	if facts.Size >= 0 && facts.Size != n {
		p.addf("size is %d, but %d bytes were read", facts.Size, n)
	}
	p.in("Stat of the handle", wellFormed(facts))
	if fi, err := h.Stat(); err != nil {
		p.addf("Stat of the handle, after reading: %w", err)
	} else {
		p.in("Stat of the handle, after reading", sameFacts(downloadview.AttributesOf(fi), facts))
	}
	if again, err := factsOf(ctx, f); err != nil {
		p.addf("opened again: %w", err)
	} else {
		p.in("opened again", sameFacts(again, facts))
	}
	if fi, err := downloadview.Stat(ctx, f); err != nil {
		p.addf("Stat: %w", err)
	} else if got := downloadview.AttributesOf(fi); facts.Size >= 0 {
		p.in("Stat", sameFacts(got, facts))
	} else if got.Size >= 0 && got.Size != n {
		p.addf("Stat: size is %d, but %d bytes were read", got.Size, n)
	}
	for _, s := range samples.parts {
		p.in(fmt.Sprintf("OpenRange(%d, %d)", s.offset, s.length),
			wantRange(ctx, f, s.offset, s.length, s.content.Bytes()))
	}
	return p.err()
}

// samples is a writer that keeps some parts of what is written to it.
type samples struct {
	parts []*sample
	at    int64
}

type sample struct {
	offset, length int64
	content        bytes.Buffer
}

// samplesOf returns samples at the beginning, the middle and the end of size bytes,
// or none if the size is unknown.
func samplesOf(size int64) *samples {
	length := min(size, 64)
	if length <= 0 {
		return &samples{}
	}
	return &samples{parts: []*sample{
		{offset: 0, length: length},
		{offset: (size - length) / 2, length: length},
		{offset: size - length, length: length},
	}}
}

func (s *samples) Write(p []byte) (int, error) {
	for _, part := range s.parts {
		from := max(part.offset-s.at, 0)
		to := min(part.offset+part.length-s.at, int64(len(p)))
		if from < to {
			part.content.Write(p[from:to])
		}
	}
	s.at += int64(len(p))
	return len(p), nil
}
