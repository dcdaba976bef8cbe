package downloadview

import (
	"context"
	"testing"
	"time"
)

// windowFile signs nothing, and keeps the window it is asked for.
type windowFile struct {
	File
	got time.Duration
}

func (f *windowFile) SignedURL(_ context.Context, o SignOptions) (string, time.Time, error) {
	f.got = o.Window
	return "https://store.test/", time.Time{}, nil
}

func TestSignedURLWindow(t *testing.T) {
	for _, tt := range []struct {
		expiry, window time.Duration
		says           string
	}{
		{0, 0, ""},
		{0, 450 * time.Second, ""},
		{0, 451 * time.Second, "window 7m31s of a signed URL; want at most half of its expiry, 7m30s"},
		{10 * time.Second, 5 * time.Second, ""},
		{10 * time.Second, 10 * time.Second, "window 10s of a signed URL; want at most half of its expiry, 5s"},
		{10 * time.Second, -time.Second, "window -1s of a signed URL; want 0 or more"},
	} {
		f := &windowFile{}
		_, _, err := SignedURL(t.Context(), f, SignOptions{Expiry: tt.expiry, Window: tt.window})
		if tt.says == "" && (err != nil || f.got != tt.window) || tt.says != "" && (err == nil || err.Error() != tt.says) {
			t.Errorf("%v, %v: signed with %v, error %v, want %q", tt.expiry, tt.window, f.got, err, tt.says)
		}
	}
}
