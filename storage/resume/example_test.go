package resume_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// flaky is an application's own storage, whose connections break after five
// bytes. It only has to support ranges and have an entity tag.
type flaky struct{ content string }

func (f flaky) Name() string { return "greeting.txt" }

func (f flaky) Open(ctx context.Context) (fs.File, error) { return f.OpenRange(ctx, 0, -1) }

func (f flaky) OpenRange(_ context.Context, offset, _ int64) (fs.File, error) {
	fmt.Println("opened at", offset)
	return &connection{strings.NewReader(f.content[offset:]), f}, nil
}

type connection struct {
	rest *strings.Reader
	file flaky
}

func (c *connection) Stat() (fs.FileInfo, error) {
	facts := downloadview.Attributes{Size: int64(len(c.file.content)), ETag: `"v1"`}
	return facts.FileInfo(c.file.Name()), nil
}

func (c *connection) Read(p []byte) (int, error) {
	n, _ := c.rest.Read(p[:min(len(p), 5)])
	if n < 5 {
		return n, io.EOF
	}
	c.rest.Reset("")
	return n, nil // and nothing more than that
}

func (c *connection) Close() error { return nil }

func ExampleFile() {
	f := resume.File(flaky{"Hello, world!"}, nil)
	h, err := f.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	fmt.Printf("%s, %v\n", content, err)
	// Output:
	// opened at 0
	// opened at 5
	// opened at 10
	// Hello, world!, <nil>
}

// one is a storage of a single file.
type one struct{ flaky }

func (s one) File(string) (downloadview.File, error) { return s.flaky, nil }

func ExampleNew() {
	s := resume.New(one{flaky{"Hello!"}}, &resume.Options{Tries: 5})
	f, err := s.File("greeting.txt")
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
	// Output:
	// opened at 0
	// opened at 5
	// Hello!, <nil>
}
