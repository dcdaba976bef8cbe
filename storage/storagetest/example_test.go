package storagetest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// memory is a storage over a map.
type memory map[string][]byte

func (m memory) File(key string) (downloadview.File, error) {
	if !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return memoryFile{m, key}, nil
}

type memoryFile struct {
	storage memory
	key     string
}

func (f memoryFile) Name() string { return f.key }

func (f memoryFile) Open(ctx context.Context) (fs.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	content, ok := f.storage[f.key]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fs.ErrNotExist}
	}
	facts := downloadview.Attributes{Size: int64(len(content))}
	return memoryHandle{bytes.NewReader(content), facts.FileInfo(f.key)}, nil
}

type memoryHandle struct {
	*bytes.Reader // reads and seeks, so that there are ranges
	info          fs.FileInfo
}

func (h memoryHandle) Stat() (fs.FileInfo, error) { return h.info, nil }
func (h memoryHandle) Close() error               { return nil }

// This storage, over a map, passes the suite. The test is
//
//	func TestMemory(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
//			m := memory{}
//			put := func(key string, content []byte) error {
//				m[key] = content
//				return nil
//			}
//			return storagetest.Fixture{Storage: m, Put: put}
//		})
//	}
//
// CheckFile checks a single file, and Count counts the calls to it.
func Example() {
	files := storagetest.Count(memory{"hello.txt": []byte("Hello!\n")})
	f, err := files.File("hello.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("asked so far:", files.Calls().Open)
	fmt.Println("found wrong:", storagetest.CheckFile(context.Background(), f))
	// Output:
	// asked so far: 0
	// found wrong: <nil>
}
