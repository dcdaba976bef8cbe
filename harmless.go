package downloadview

import "strings"

// harmless are the types that a browser shows or saves without running anything
// in them with the rights of the site. Any other type may run script.
var harmless = setOf(`
	application/dicom application/geo+json application/gzip application/json application/jsonl application/ld+json
	application/manifest+json application/msword application/octet-stream application/ogg application/pdf
	application/pgp-encrypted application/pgp-signature application/postscript application/rtf application/toml
	application/vnd.apple.mpegurl application/vnd.apple.pkpass application/vnd.apple.pkpasses application/vnd.ms-excel application/vnd.ms-powerpoint
	application/vnd.oasis.opendocument.graphics application/vnd.oasis.opendocument.presentation
	application/vnd.oasis.opendocument.spreadsheet application/vnd.oasis.opendocument.text
	application/vnd.openxmlformats-officedocument.presentationml.presentation
	application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
	application/vnd.openxmlformats-officedocument.wordprocessingml.document
	application/x-7z-compressed application/x-bzip2 application/x-subrip application/x-tar application/x-xz
	application/yaml application/zip application/zstd

	audio/3gpp audio/aac audio/ac3 audio/ac4 audio/aiff audio/amr audio/amr-wb audio/basic audio/flac
	audio/matroska audio/midi audio/mp3 audio/mp4 audio/mpeg audio/ogg audio/opus audio/vnd.dts audio/vnd.dts.hd
	audio/vnd.wave audio/wav audio/wave audio/webm audio/x-aiff audio/x-ape audio/x-caf audio/x-flac audio/x-m4a
	audio/x-matroska audio/x-midi audio/x-mpegurl audio/x-ms-wax audio/x-ms-wma audio/x-musepack
	audio/x-pn-realaudio audio/x-pn-wav audio/x-scpls audio/x-wav audio/x-wavpack

	font/collection font/otf font/sfnt font/ttf font/woff font/woff2

	image/aces image/apng image/avci image/avcs image/avif image/bmp image/cgm image/dpx image/emf image/fits
	image/gif image/heic image/heic-sequence image/heif image/heif-sequence image/jls image/jp2 image/jpeg
	image/jpg image/jph image/jphc image/jpm image/jpx image/jxl image/jxr image/jxs image/ktx image/ktx2
	image/pjpeg image/png image/qoi image/tiff image/vnd.adobe.photoshop image/vnd.djvu image/vnd.dwg image/vnd.dxf
	image/vnd.fpx image/vnd.microsoft.icon image/vnd.ms-dds image/vnd.radiance image/vnd.wap.wbmp
	image/vnd.zbrush.pcx image/webp image/wmf image/x-adobe-dng image/x-canon-cr2 image/x-canon-cr3
	image/x-canon-crw image/x-cmu-raster image/x-coreldraw image/x-epson-erf image/x-fuji-raf image/x-icns
	image/x-icon image/x-ms-bmp image/x-nikon-nef image/x-olympus-orf image/x-panasonic-rw2 image/x-pentax-pef
	image/x-pict image/x-png image/x-portable-anymap image/x-portable-bitmap image/x-portable-graymap
	image/x-portable-pixmap image/x-rgb image/x-samsung-srw image/x-sony-arw image/x-sony-sr2 image/x-sony-srf
	image/x-tga image/x-xbitmap image/x-xcf image/x-xpixmap image/x-xwindowdump

	model/gltf-binary model/vnd.usdz+zip

	text/calendar text/css text/csv text/markdown text/plain text/tab-separated-values text/vcard text/vtt
	text/x-markdown

	video/3gpp video/3gpp2 video/av1 video/dv video/h264 video/iso.segment video/matroska video/mj2 video/mp2t
	video/mp4 video/mpeg video/ogg video/quicktime video/webm video/x-flv video/x-m4v video/x-matroska
	video/x-matroska-3d video/x-ms-asf video/x-ms-wm video/x-ms-wmv video/x-ms-wmx video/x-ms-wvx video/x-msvideo
`)

// scripts are the types that a page runs if it names the file as a script, a
// worker or a module (mimesniff.spec.whatwg.org, "JavaScript MIME type").
var scripts = setOf(`
	application/ecmascript application/javascript application/wasm application/x-ecmascript application/x-javascript
	text/ecmascript text/javascript text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3
	text/javascript1.4 text/javascript1.5 text/jscript text/livescript text/x-ecmascript text/x-javascript
`)

func setOf(types string) map[string]bool {
	set := make(map[string]bool)
	for t := range strings.FieldsSeq(types) {
		set[t] = true
	}
	return set
}

// isHarmless reports whether a browser that displays the type runs nothing with
// the rights of the site. If there is a comma, even in quotes, some browsers read
// another type, so the result is false.
func isHarmless(contentType string) bool {
	t, ok := parseMediaType(contentType)
	return ok && strings.IndexByte(contentType, ',') < 0 && harmless[strings.ToLower(t.name)]
}

// isScript reports whether a page can run a file of the type as its own script.
func isScript(contentType string) bool {
	if !beginsLikeScript(contentType) {
		return false
	}
	t, ok := parseMediaType(contentType)
	return ok && scripts[strings.ToLower(t.name)]
}

// beginsLikeScript is a cheap check: it is true for every type in scripts, and
// false for most others.
func beginsLikeScript(contentType string) bool {
	subtype := len("text/")
	if len(contentType) > subtype && contentType[subtype-1] != '/' {
		subtype = len("application/")
	}
	if len(contentType) <= subtype {
		return false
	}
	switch contentType[subtype] | 0x20 {
	case 'e', 'j', 'l', 'w', 'x':
		return true
	}
	return false
}
