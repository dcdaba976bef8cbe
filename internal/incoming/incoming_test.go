package incoming

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	r := NewReader(t.Context(), strings.NewReader("content"))
	if got, err := io.ReadAll(r); string(got) != "content" || err != nil || r.Err() != nil {
		t.Errorf("%q, %v, Err() = %v, want all and no error", got, err, r.Err())
	}

	broken := errors.New("broken")
	r = NewReader(t.Context(), iotest.ErrReader(broken))
	if _, err := io.ReadAll(r); err != broken || r.Err() != broken {
		t.Errorf("%v, Err() = %v, want that of the reader", err, r.Err())
	}

	ctx, cancel := context.WithCancel(t.Context())
	r = NewReader(ctx, strings.NewReader("content"))
	if _, err := r.Read(make([]byte, 3)); err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	cancel()
	if !errors.Is(r.Err(), context.Canceled) {
		t.Errorf("Err() = %v after the context ended", r.Err())
	}
	if n, err := r.Read(make([]byte, 3)); n != 0 || err != context.Canceled || r.Err() != context.Canceled {
		t.Errorf("%d bytes and %v after the context ended, want context.Canceled", n, err)
	}
}

func TestFill(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		content io.Reader
		want    string
		more    bool
		err     error
	}{
		{"nothing", strings.NewReader(""), "", false, nil},
		{"less", strings.NewReader("012"), "012", false, nil},
		{"as much", strings.NewReader("0123"), "0123", true, nil},
		{"more", strings.NewReader("012345"), "0123", true, nil},
		{"broken", io.MultiReader(strings.NewReader("01"), iotest.ErrReader(broken)), "01", false, broken},
	} {
		block := *bytes.NewBufferString("what was there")
		more, err := NewReader(t.Context(), tt.content).Fill(&block, 4)
		if block.String() != tt.want || more != tt.more || err != tt.err {
			t.Errorf("%s: %q, %t, %v; want %q, %t, %v", tt.name, &block, more, err, tt.want, tt.more, tt.err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if more, err := NewReader(ctx, strings.NewReader("0123")).Fill(new(bytes.Buffer), 4); more || err != context.Canceled {
		t.Errorf("after the end of the context: %t, %v; want context.Canceled", more, err)
	}
}

func TestMediaType(t *testing.T) {
	for key, want := range map[string]string{"a/b.pdf": "application/pdf", "a.pdf/b": "application/octet-stream", "": "application/octet-stream"} {
		if got := MediaType(key); got != want {
			t.Errorf("MediaType(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestName(t *testing.T) {
	one, two := Name(), Name()
	if one == two || len(one) != 44 {
		t.Errorf("names are %q and %q, want two of 44 bytes", one, two)
	}
	for name, want := range map[string]bool{
		one:                          true,
		"folder/" + one:              true,
		strings.ToUpper(one):         true,
		one + "/x":                   false,
		one + "x":                    false,
		"x" + one:                    false,
		".downloadview-.tmp":         true,
		".downloadview-tmp":          false,
		".downloadview.tmp":          false,
		".tmp":                       false,
		"":                           false,
		"downloadview-x.tmp":         false,
		".downloadview-x.tmp/folder": false,
	} {
		if got := IsName(name); got != want {
			t.Errorf("IsName(%q) = %t, want %t", name, got, want)
		}
	}
}
