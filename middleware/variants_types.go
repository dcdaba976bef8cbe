package middleware

import (
	"slices"
	"strings"
)

// isCompressedType reports whether files of a media type are compressed already.
func isCompressedType(t string) bool {
	t, _, _ = strings.Cut(t, ";")
	t = strings.ToLower(strings.Trim(t, " \t"))
	kind, sub, _ := strings.Cut(t, "/")
	switch kind {
	case "audio", "video":
		return true
	case "image":
		return !strings.HasSuffix(sub, "+xml") && sub != "bmp" && sub != "x-icon" && sub != "vnd.microsoft.icon" && sub != "tiff"
	case "font":
		return sub == "woff" || sub == "woff2"
	}
	return slices.Contains(compressedTypes, sub) ||
		strings.HasPrefix(sub, "vnd.openxmlformats-officedocument.") || strings.HasPrefix(sub, "vnd.oasis.opendocument.") && !strings.HasSuffix(sub, "-flat-xml")
}

// compressedTypes are subtypes of application.
var compressedTypes = []string{
	"zip", "gzip", "x-gzip", "zstd", "x-brotli", "x-bzip", "x-bzip2", "x-xz", "x-lzma", "x-7z-compressed", "vnd.rar", "x-rar-compressed",
	"java-archive", "epub+zip", "vnd.android.package-archive", "x-debian-package", "vnd.debian.binary-package", "x-rpm",
	"font-woff", "vnd.ms-cab-compressed",
}
