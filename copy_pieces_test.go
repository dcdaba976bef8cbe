package downloadview

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Of many clients that were fast and then stop reading, only a few hold a large
// buffer; the others hold a small one.
func TestStoppedClientsHoldLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		held := make(chan int, 100)
		done := make(chan error, 100)
		for range cap(held) {
			go func() {
				taken := 0
				_, readErr, writeErr := copyPieces(func(p []byte) (int, error) {
					if taken += len(p); taken > provenAfter+largePiece/2 && taken-len(p) <= provenAfter+largePiece/2 {
						held <- len(p)
						<-goOn
					}
					return len(p), nil
				}, io.LimitReader(zeros{}, 40<<20), -1, nil)
				if readErr == nil {
					readErr = writeErr
				}
				done <- readErr
			}()
		}
		synctest.Wait()
		large := 0
		for range cap(held) {
			if n := <-held; n > smallPiece {
				large++
			}
		}
		if large == 0 || large > mostLarge {
			t.Errorf("%d clients hold a large piece, want from 1 to %d", large, mostLarge)
		}
		close(goOn)
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := largeInUse.Load(); n != 0 {
			t.Errorf("%d large pieces were not returned", n)
		}
	})
}

// The copy to a client that becomes slow returns its large buffer.
func TestSlowClientsGiveLargePiecesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken, slow := 0, 0
		copyPieces(func(p []byte) (int, error) {
			if taken += len(p); taken > 20<<20 {
				if slow++; slow > 1 && len(p) > smallPiece {
					t.Errorf("a piece of %d bytes for a slow client", len(p))
				}
				time.Sleep(time.Second)
			}
			return len(p), nil
		}, io.LimitReader(zeros{}, 22<<20), -1, nil)
		if slow < 3 {
			t.Errorf("%d slow pieces", slow)
		}
	})
}
