package storagetest

import (
	"errors"
	"testing"

	"github.com/downloadview/downloadview"
)

func TestCounterConforms(t *testing.T) {
	Run(t, func(*testing.T) Fixture {
		fx := newModel("").fixture()
		fx.Storage = Count(fx.Storage)
		return fx
	})
}

func TestCount(t *testing.T) {
	fx := newModel("").fixture()
	c := Count(fx.Storage)
	fx.Storage = c
	f, err := fx.put("x", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	downloadview.SourceOf(f)
	if got := c.Calls(); got != (Calls{}) {
		t.Errorf("before anything is asked: %+v", got)
	}
	if _, err := readFile(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if _, err := downloadview.Stat(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := downloadview.OpenRange(t.Context(), f, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := c.Calls(), (Calls{Open: 1, Stat: 1, OpenRange: 2}); got != want {
		t.Errorf("calls = %+v, want %+v", got, want)
	}
	c.Reset()
	if _, err := downloadview.OpenRange(t.Context(), f, 100, 1); !errors.Is(err, downloadview.ErrRange) {
		t.Fatal(err)
	}
	if got, want := c.Calls(), (Calls{OpenRange: 1}); got != want {
		t.Errorf("after Reset and a failed call: %+v, want %+v", got, want)
	}
}

// If the storage isn't an Exister, Exists asks the file, and that call is counted.
func TestExistsIsCounted(t *testing.T) {
	m := newModel("")
	for s, want := range map[downloadview.Storage]Calls{
		m:                                 {},
		struct{ downloadview.Storage }{m}: {Stat: 1},
	} {
		c := Count(s)
		if found, err := downloadview.Exists(t.Context(), c, "x"); found || err != nil {
			t.Errorf("Exists = %t, %v, want false", found, err)
		}
		if got := c.Calls(); got != want {
			t.Errorf("calls = %+v, want %+v", got, want)
		}
	}
}
