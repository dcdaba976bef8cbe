package storagetest_test

import (
	"testing"

	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		m := memory{}
		put := func(key string, content []byte) error {
			m[key] = content
			return nil
		}
		return storagetest.Fixture{Storage: m, Put: put}
	})
}
