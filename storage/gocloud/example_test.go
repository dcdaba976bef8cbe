package gocloud_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

func Example() {
	ctx := context.Background()
	bucket := memblob.OpenBucket(nil) // or blob.OpenBucket(ctx, "gs://reports")
	defer bucket.Close()
	if err := bucket.WriteAll(ctx, "2026/q3.csv", []byte("region,total\n"), nil); err != nil {
		log.Fatal(err)
	}

	storage := gocloud.New(bucket, &gocloud.Options{
		Source: downloadview.Source{Scheme: "gs", Host: "reports"},
	})
	file, err := storage.File("2026/q3.csv")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.SourceOf(file))

	part, err := downloadview.OpenRange(ctx, file, 7, -1)
	if err != nil {
		log.Fatal(err)
	}
	defer part.Close()
	content, err := io.ReadAll(part)
	fmt.Printf("%q %v\n", content, err)
	// Output:
	// gs://reports/2026/q3.csv true
	// "total\n" <nil>
}

// All objects in this bucket are stored compressed, which package blob doesn't
// report for an open object.
func ExampleOptions() {
	ctx := context.Background()
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	stored := &blob.WriterOptions{ContentType: "text/csv", ContentEncoding: "gzip"}
	if err := bucket.WriteAll(ctx, "q3.csv", []byte("\x1f\x8b…"), stored); err != nil {
		log.Fatal(err)
	}

	storage := gocloud.New(bucket, &gocloud.Options{
		Describe: func(_ *blob.Reader, a *downloadview.Attributes) { a.ContentEncoding = "gzip" },
	})
	file, err := storage.File("q3.csv")
	if err != nil {
		log.Fatal(err)
	}
	h, err := file.Open(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		log.Fatal(err)
	}
	a := downloadview.AttributesOf(fi)
	fmt.Println(a.ContentType, a.ContentEncoding)
	// Output:
	// text/csv gzip
}
