// Package archive makes zip and tar archives of files of any storages while
// they are downloaded. An archive is a [downloadview.File]: its length is known
// before a byte of its members is read, and it has a strong entity tag, ranges
// and HEAD, so that a client shows the progress of "download all" and resumes
// after a break. Nothing is written to a disk.
//
//	all := archive.Of(
//		archive.Entry{Name: "report.pdf", File: report},
//		archive.Entry{Name: "data/table.csv", File: table},
//	)
//	return downloadview.Response{File: archive.Zip("everything.zip", all, nil)}, nil
//
// A member of a zip archive is stored in one of two layouts. If its CRC-32 is
// known beforehand ([Entry].CRC32, or the store has it), its bytes are in the
// archive as they are. Otherwise they are in stored blocks of DEFLATE, 5 bytes
// more for each 65,535, and the CRC-32 follows behind them. Neither compresses.
//
// Each member is read in the version that was there when the length was
// computed. If a member is replaced, is shorter than it should be, or fails, the
// download is broken off, as for any other file.
package archive
