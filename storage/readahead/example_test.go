package readahead_test

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/readahead"
)

// A file that is larger than the first part costs one request for each part.
func ExampleNew() {
	bucket := newStore([]byte("Hello, world!"))
	s := readahead.New(bucket, &readahead.Options{Parts: 2, PartSize: 5})
	f, err := s.File("a/file")
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := f.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	fmt.Printf("%s, %v\n", content, err)
	asked := bucket.requests()
	slices.Sort(asked) // the parts are asked for at once
	for _, part := range asked {
		fmt.Println("offset and length:", part)
	}
	// Output:
	// Hello, world!, <nil>
	// offset and length: 0 5
	// offset and length: 10 3
	// offset and length: 5 5
}

// A single file can be read ahead, too.
func ExampleFile() {
	f, err := newStore([]byte("Hello, world!")).File("a/file")
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := downloadview.OpenRange(context.Background(), readahead.File(f, nil), -6, -1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	fmt.Printf("%s, %v\n", content, err)
	// Output:
	// world!, <nil>
}

// Two storages share the memory for reading ahead.
func ExampleNewBudget() {
	budget := readahead.NewBudget(256 << 20)
	near := readahead.New(newStore([]byte("near")), &readahead.Options{Budget: budget})
	far := readahead.New(newStore([]byte("far")), &readahead.Options{Budget: budget, Parts: 8})
	for _, s := range []downloadview.Storage{near, far} {
		f, err := s.File("a/file")
		if err != nil {
			fmt.Println(err)
			return
		}
		fi, err := downloadview.Stat(context.Background(), f)
		fmt.Println(fi.Size(), err)
	}
	// Output:
	// 4 <nil>
	// 3 <nil>
}
