package main

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
)

// countdown yields the lines of a text, one after the other.
func countdown(from int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for n := from; n > 0; n-- {
			if !yield(fmt.Sprintf("%d …\n", n)) {
				return
			}
		}
		yield("Lift-off!\n")
	}
}

// writeSquares writes a table as CSV.
func writeSquares(_ context.Context, w io.Writer) error {
	table := csv.NewWriter(w)
	table.Write([]string{"number", "square"}) // an error stays until Flush
	for n := range 1000 {
		table.Write([]string{strconv.Itoa(n), strconv.Itoa(n * n)})
	}
	table.Flush()
	return table.Error()
}

// pack returns a function that writes a zip archive of all files in fsys.
func pack(fsys fs.FS) func(context.Context, io.Writer) error {
	return func(_ context.Context, w io.Writer) error {
		archive := zip.NewWriter(w)
		if err := archive.AddFS(fsys); err != nil {
			return err
		}
		return archive.Close()
	}
}
