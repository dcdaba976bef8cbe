package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// rangesOf reads a file by its ranges, which is what a client with a resumed
// download does.
type rangesOf struct {
	t testing.TB
	f downloadview.File
}

func (r rangesOf) ReadAt(p []byte, offset int64) (int, error) {
	h, err := downloadview.OpenRange(r.t.Context(), r.f, offset, int64(len(p)))
	if errors.Is(err, downloadview.ErrRange) {
		return 0, io.EOF
	}
	if err != nil {
		return 0, err
	}
	defer h.Close()
	n, err := io.ReadFull(h, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// sparse returns a file of n zero bytes that take no room.
func sparse(t testing.TB, name string, n int64) downloadview.File {
	t.Helper()
	dir, entries := onDisk(t, map[string][]byte{name: nil})
	p := filepath.Join(dir, name)
	if err := os.Truncate(p, n); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(p, date, date); err != nil {
		t.Fatal(err)
	}
	return entries[0].File
}

// sumsOfZeros computes the CRC-32 of as many zero bytes as each of sizes says, which
// ascend.
func sumsOfZeros(sizes ...int64) map[int64]uint32 {
	zeros, sums := make([]byte, 1<<20), map[int64]uint32{}
	var at int64
	var sum uint32
	for _, size := range sizes {
		for at < size {
			n := min(size-at, int64(len(zeros)))
			sum = crc32.Update(sum, crc32.IEEETable, zeros[:n])
			at += n
		}
		sums[size] = sum
	}
	return sums
}

// largeSizes are members on both sides of a limit, with small ones behind each.
func largeSizes(limit int64) []int64 {
	return []int64{limit - 2, 3, limit - 1, 3, limit, 3, limit + 1, 3}
}

// large returns members with these sizes: zeros, or "abc".
func large(t testing.TB, sizes []int64) (entries []archive.Entry) {
	for i, n := range sizes {
		f := file("s", []byte("abc"))
		if n > 3 {
			f = sparse(t, fmt.Sprint("large", i), n)
		}
		entries = append(entries, archive.Entry{Name: fmt.Sprintf("%d.bin", i), File: f, ModTime: date})
	}
	return entries
}

const limit32 = 1<<32 - 1 // the value of a field of four bytes that zip64 takes

// largeZip returns an archive of members around 4 GiB, in either layout. No content
// of the large ones needs to be read for it.
func largeZip(t testing.TB, layout string) (downloadview.File, []int64, map[int64]uint32) {
	sizes := largeSizes(1 << 32)
	entries := large(t, sizes)
	sums := sumsOfZeros(sizes[0], sizes[2], sizes[4], sizes[6])
	sums[3] = crc32.ChecksumIEEE([]byte("abc"))
	memory := archive.NewMemory(0)
	for i, n := range sizes {
		sum := sums[n]
		if layout == "stored" {
			entries[i].CRC32 = &sum
		} else if v, ok := archive.VersionOf(entries[i].File, downloadview.Attributes{Size: n, ModTime: date}); ok {
			memory.Save(t.Context(), v, archive.Beginning{Length: n, CRC32: sum})
		}
	}
	return archive.Zip("a.zip", archive.Of(entries...), &archive.Options{Resume: memory}), sizes, sums
}

func TestZip64Members(t *testing.T) {
	for _, layout := range []string{"stored", "framed"} {
		t.Run(layout, func(t *testing.T) {
			f, sizes, sums := largeZip(t, layout)
			fi, err := downloadview.Stat(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			r := rangesOf{t, f}
			z, err := zip.NewReader(r, fi.Size())
			if err != nil {
				t.Fatal(err)
			}
			var bodies [][2]int64
			for i, m := range z.File {
				offset, err := m.DataOffset()
				if err != nil {
					t.Fatal(err)
				}
				if int64(m.UncompressedSize64) != sizes[i] || m.CRC32 != sums[sizes[i]] {
					t.Errorf("member %d: %d bytes, %08x; want %d, %08x", i, m.UncompressedSize64, m.CRC32, sizes[i], sums[sizes[i]])
				}
				end := offset + int64(m.CompressedSize64)
				bodies = append(bodies, [2]int64{offset, end})
				wantBehind(t, r, m, end)
				if sizes[i] == 3 {
					wantContent(t, m, "abc")
				}
			}
			name := sparseCopy(t, r, fi.Size(), bodies)
			out := run(t, "", "zipinfo", "-v", name)
			if strings.Contains(out, "warning") || strings.Contains(out, "error") || !strings.Contains(out, fmt.Sprint(sizes[6])) {
				t.Error(out)
			}
			for i := 1; i < len(sizes); i += 2 {
				if out := run(t, "", "unzip", "-p", name, fmt.Sprintf("%d.bin", i)); out != "abc" {
					t.Errorf("unzip: member %d is %q", i, out)
				}
				if out := run(t, "", "7z", "x", "-so", name, fmt.Sprintf("%d.bin", i)); out != "abc" {
					t.Errorf("7z: member %d is %q", i, out)
				}
			}
			out = run(t, "", "python3", "-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nprint([(i.file_size, z.read(i) if i.file_size == 3 else z.open(i).read(0)) for i in z.infolist()])", name)
			var want []string
			for _, n := range sizes {
				content := "b''"
				if n == 3 {
					content = "b'abc'"
				}
				want = append(want, fmt.Sprintf("(%d, %s)", n, content))
			}
			if strings.TrimSpace(out) != "["+strings.Join(want, ", ")+"]" {
				t.Errorf("python: %s, want %s", out, want)
			}
		})
	}
}

// wantBehind checks what follows the content of m in the archive, and the local
// header.
func wantBehind(t *testing.T, r rangesOf, m *zip.File, end int64) {
	t.Helper()
	b := make([]byte, 28)
	if _, err := r.ReadAt(b, end); err != nil {
		t.Fatal(err)
	}
	isLarge := m.UncompressedSize64 >= limit32 || m.CompressedSize64 >= limit32
	offset, _ := m.DataOffset()
	head := make([]byte, 30+len(m.Name)+29)
	if _, err := r.ReadAt(head, offset-int64(len(head))); err != nil && isLarge {
		t.Fatal(err)
	}
	if isLarge && (!bytes.HasPrefix(head, []byte("PK\x03\x04")) || !bytes.HasPrefix(head[30+len(m.Name):], []byte{1, 0, 16, 0})) {
		t.Errorf("%s has no zip64 field in its local header: %q", m.Name, head)
	}
	if m.Flags&8 == 0 {
		if s := string(b[:4]); s != "PK\x03\x04" && s != "PK\x01\x02" {
			t.Errorf("%s is followed by %q", m.Name, s)
		}
		return
	}
	le := binary.LittleEndian
	compressed, size, next := uint64(le.Uint32(b[8:])), uint64(le.Uint32(b[12:])), b[16:]
	if isLarge {
		compressed, size, next = le.Uint64(b[8:]), le.Uint64(b[16:]), b[24:]
	}
	if string(b[:4]) != "PK\x07\x08" || compressed != m.CompressedSize64 || size != m.UncompressedSize64 || string(next[:2]) != "PK" {
		t.Errorf("%s has the descriptor %q, want %d and %d", m.Name, b, m.CompressedSize64, m.UncompressedSize64)
	}
}

func wantContent(t *testing.T, m *zip.File, want string) {
	t.Helper()
	r, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != want {
		t.Errorf("%s is %q, %v; want %q", m.Name, b, err, want)
	}
}

// sparseCopy stores an archive as a file, with holes in place of large bodies.
func sparseCopy(t testing.TB, r rangesOf, size int64, bodies [][2]int64) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "large")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	keep := func(from, to int64) {
		b := make([]byte, to-from)
		if _, err := r.ReadAt(b, from); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, from); err != nil {
			t.Fatal(err)
		}
	}
	var at int64
	for _, b := range bodies {
		if b[1]-b[0] > 1<<20 {
			keep(at, b[0])
			at = b[1]
		}
	}
	keep(at, size)
	return name
}

// The numbers of members around the limit of two bytes.
func TestZip64Entries(t *testing.T) {
	for _, n := range []int{65534, 65535, 65536} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			content := file("x", []byte("abc"))
			sum := crc32.ChecksumIEEE([]byte("abc"))
			b := read(t, archive.Zip("a.zip", func(yield func(archive.Entry, error) bool) {
				for i := range n {
					if !yield(archive.Entry{Name: fmt.Sprintf("%05d", i), File: content, CRC32: &sum}, nil) {
						return
					}
				}
			}, nil))
			if is64 := bytes.Contains(b, []byte("PK\x06\x06")); is64 != (n >= 65535) {
				t.Errorf("zip64 is %v", is64)
			}
			z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil || len(z.File) != n {
				t.Fatalf("%v", err)
			}
			wantContent(t, z.File[n-1], "abc")
			name := write(t, "a.zip", b)
			for _, command := range [][]string{
				{"python3", "-c", "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()), 'files')", name},
				{"zipinfo", "-t", name},
				{"7z", "l", name},
			} {
				if out := run(t, "", command[0], command[1:]...); !strings.Contains(out, fmt.Sprint(n, " files")) {
					t.Errorf("%s: %.200q", command[0], out)
				}
			}
			if out := run(t, "", "unzip", "-p", name, fmt.Sprintf("%05d", n-1)); out != "abc" {
				t.Errorf("unzip: %q", out)
			}
		})
	}
}

// Members around 8 GiB, the limit of an octal field in a tar archive.
func TestLargeTar(t *testing.T) {
	sizes := largeSizes(8 << 30)
	f := archive.Tar("a.tar", archive.Of(large(t, sizes)...), nil)
	fi, err := downloadview.Stat(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	r := rangesOf{t, f}
	section := io.NewSectionReader(r, 0, fi.Size())
	tr := tar.NewReader(section)
	var bodies [][2]int64
	for i, n := range sizes {
		h, err := tr.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Size != n || h.Name != fmt.Sprintf("%d.bin", i) {
			t.Errorf("%s of %d bytes, want %d.bin of %d", h.Name, h.Size, i, n)
		}
		at, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, [2]int64{at, at + n})
		if n == 3 {
			if b, err := io.ReadAll(tr); err != nil || string(b) != "abc" {
				t.Errorf("%s is %q, %v", h.Name, b, err)
			}
		}
	}
	name := sparseCopy(t, r, fi.Size(), bodies)
	for _, command := range []string{"tar", "bsdtar"} {
		out := run(t, "", command, "-tvf", name)
		for i, n := range sizes {
			if !strings.Contains(out, fmt.Sprint(" ", n, " ")) || !strings.Contains(out, fmt.Sprintf("%d.bin", i)) {
				t.Errorf("%s doesn't list member %d of %d bytes:\n%s", command, i, n, out)
			}
		}
		if out := run(t, "", command, "-xOf", name, "7.bin"); out != "abc" {
			t.Errorf("%s: the last member is %q", command, out)
		}
	}
}
