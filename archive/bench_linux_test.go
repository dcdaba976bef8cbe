package archive_test

import (
	"archive/zip"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/benchprocess"
	"github.com/downloadview/downloadview/storage/disk"
)

// TestServeForBenchmarks is the server process that a benchmark starts.
func TestServeForBenchmarks(t *testing.T) {
	if what := benchprocess.What(); len(what) > 0 {
		serveArchives(t, what[0])
	}
}

func serveArchives(t *testing.T, dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	storage := disk.New(root, nil)
	var stored, framed []archive.Entry
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := crc32.ChecksumIEEE(b)
		f, err := storage.File(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		framed = append(framed, archive.Entry{File: f})
		stored = append(stored, archive.Entry{File: f, CRC32: &sum})
	}
	files := map[string]downloadview.File{
		"/stored": archive.Zip("a.zip", archive.Of(stored...), nil),
		"/framed": archive.Zip("a.zip", archive.Of(framed...), nil),
		"/tar":    archive.Tar("a.tar", archive.Of(framed...), nil),
	}
	ours := downloadview.NewHandler(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: files[r.URL.Path]}, nil
	}), nil)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cpu":
			benchprocess.CPU(w, r)
		case "/archive-zip":
			writeZip(w, root, names)
		default:
			ours.ServeHTTP(w, r)
		}
	}))
	defer s.Close()
	benchprocess.Serving(s.URL)
}

// writeZip is what one writes by hand.
func writeZip(w http.ResponseWriter, root *os.Root, names []string) {
	w.Header().Set("Content-Type", "application/zip")
	z := zip.NewWriter(w)
	for _, name := range names {
		f, err := root.Open(filepath.Base(name))
		if err != nil {
			panic(err)
		}
		m, err := z.CreateHeader(&zip.FileHeader{Name: filepath.Base(name), Method: zip.Store, Modified: date})
		if err == nil {
			_, err = io.Copy(m, f)
		}
		if f.Close(); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	if err := z.Close(); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// BenchmarkServe compares the processor time of the server for an archive of local
// files with that of archive/zip, which writes to the ResponseWriter without
// compression. They take turns.
func BenchmarkServe(b *testing.B) {
	const members, size = 16, 16 << 20
	dir := b.TempDir()
	for i := range members {
		name := filepath.Join(dir, fmt.Sprintf("%02d.bin", i))
		if err := os.WriteFile(name, noise(size), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(name, date, date); err != nil {
			b.Fatal(err)
		}
	}
	url, _ := benchprocess.Start(b, dir)
	for _, layout := range []string{"stored", "framed", "tar"} {
		b.Run(layout, func(b *testing.B) {
			var ratios []float64
			var used [2]float64
			n := 0.0
			for b.Loop() {
				n++
				var turn [2]float64
				for i, path := range []string{"/" + layout, "/archive-zip"} {
					before := cpu(b, url)
					fetch(b, url+path)
					turn[i] = cpu(b, url) - before
					used[i] += turn[i]
				}
				ratios = append(ratios, turn[0]/turn[1])
			}
			slices.Sort(ratios)
			const gigabytes = members * size / 1e9
			b.ReportMetric(0, "ns/op") // of both, and of the client
			b.ReportMetric(used[0]/n/gigabytes/1e6, "ours-cpu-ms/GB")
			b.ReportMetric(used[1]/n/gigabytes/1e6, "theirs-cpu-ms/GB")
			b.ReportMetric(ratios[len(ratios)/2], "cpu-ratio")
		})
	}
}

func cpu(b *testing.B, url string) float64 {
	resp, err := http.Get(url + "/cpu")
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	ns, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ns
}

func fetch(b *testing.B, url string) {
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		b.Fatal(resp.Status, err)
	}
}
