package buckettest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// A Failure is an answer of a store without the object, and its result.
type Failure struct {
	Status int
	Code   string
	Want   error
	Client int // status for the client

	After string         // Retry-After for the client, if not that of the store
	Asked map[string]int // requests by Open, OpenRange or Stat; 1 if not listed
}

// Failures checks the results of a store's failures in ops, which are some of
// Open, OpenRange and Stat. statusIn returns the status in the SDK's error,
// which the storage's error must contain.
func (f *Fake) Failures(t *testing.T, failures []Failure, statusIn func(error) (int, bool), ops ...string) {
	for _, tt := range failures {
		t.Run(fmt.Sprint(tt.Status, tt.Code), func(t *testing.T) {
			asked := 0
			file := f.file(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header().Set("Retry-After", "7")
				f.refuse(w, r, tt.Status, tt.Code)
			})
			for _, op := range ops {
				asked = 0
				var err error
				switch op {
				case "Open":
					err = closed(file.Open(t.Context()))
				case "OpenRange":
					err = closed(downloadview.OpenRange(t.Context(), file, 0, 1))
				case "Stat":
					_, err = downloadview.Stat(t.Context(), file)
				}
				tt.check(t, op, err)
				if got, ok := statusIn(err); !ok || got != tt.Status {
					t.Errorf("%s: %v has no cause with status %d", op, err, tt.Status)
				}
				want := 1
				if n, ok := tt.Asked[op]; ok {
					want = n
				}
				if asked != want {
					t.Errorf("%s: asked %d times, want %d", op, asked, want)
				}
			}
		})
	}
}

func (tt *Failure) check(t *testing.T, op string, err error) {
	t.Helper()
	if !errors.Is(err, tt.Want) {
		t.Errorf("%s: %v, want %v", op, err, tt.Want)
	}
	if got := downloadview.StatusCode(err); got != tt.Client {
		t.Errorf("%s: the client sees %d, want %d", op, got, tt.Client)
	}
	after := tt.After
	if after == "" {
		after = "7"
	}
	if e, ok := errors.AsType[*downloadview.StatusError](err); ok && e.Header.Get("Retry-After") != after {
		t.Errorf("%s: header %v, want Retry-After %s", op, e.Header, after)
	}
}

// A Try is how often package resume asks a store that gives this answer.
type Try struct {
	Status int
	Code   string
	Asked  int
	Client int // status for the client; 0: any
}

// Tries checks that package resume asks once if trying again can't help, and
// tries again if it may help.
func (f *Fake) Tries(t *testing.T, tries []Try) {
	for _, tt := range tries {
		asked := 0
		Tried(t, tt, &asked, f.Open(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Retry-After", "0")
			f.refuse(w, r, tt.Status, tt.Code)
		}))
	}
}

// Tried checks a storage whose store counts the requests in asked.
func Tried(t *testing.T, try Try, asked *int, s downloadview.Storage) {
	t.Helper()
	patient := resume.New(s, &resume.Options{Backoff: func(int) time.Duration { return 0 }})
	err := closed(fileOf(t, patient, "a").Open(t.Context()))
	if err == nil || *asked != try.Asked {
		t.Errorf("%d %s is asked %d times, want %d: %v", try.Status, try.Code, *asked, try.Asked, err)
	}
	if got := downloadview.StatusCode(err); try.Client != 0 && got != try.Client {
		t.Errorf("%d %s is %d to the client, want %d: %v", try.Status, try.Code, got, try.Client, err)
	}
	if errors.Is(err, downloadview.ErrRefused) && downloadview.StatusCode(err) != http.StatusBadGateway {
		t.Errorf("%d %s: %v, want 502", try.Status, try.Code, err)
	}
}
