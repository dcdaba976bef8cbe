package downloadview_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const parity = "docs/parity.md"

// Every Go block of the page is part of a file that is tested.
func TestParityBlocks(t *testing.T) {
	checked := 0
	for _, b := range blocksOf(t, parity) {
		if b.language != "python" { // the code that people have before
			b.mustStandInItsFile(t)
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("%d blocks found", checked)
	}
}

// Every public name of django-downloadview is on the page.
func TestParityIsWhole(t *testing.T) {
	page := readPage(t, parity)
	for _, name := range strings.Fields(django) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%s does not mention `%s`", parity, name)
		}
	}
}

// Each name of this module on the page exists.
func TestParityIsTrue(t *testing.T) {
	if checked := mustHaveNames(t, parity); checked < 100 {
		t.Errorf("%d names found", checked)
	}
}

// mustHaveNames checks that the names of this module in the right column of the tables of
// a page exist. It returns how many there are. A name without a package is one of the
// root package or of those in dirs.
func mustHaveNames(t *testing.T, page string, dirs ...string) int {
	t.Helper()
	identifier := regexp.MustCompile("`([A-Za-z]\\w*(?:\\.[A-Za-z]\\w*)*)`")
	packages := map[string]map[string]bool{"": exported(t, ".")}
	for name, dir := range map[string]string{
		"accel": "accel", "aferofs": "storage/aferofs", "disk": "storage/disk", "gocloud": "storage/gocloud",
		"iofs": "storage/iofs", "remote": "storage/remote", "s3bucket": "storage/s3bucket", "downloadtest": "downloadtest",
		"archive": "archive", "spool": "spool",
	} {
		packages[name] = exported(t, dir)
	}
	for _, dir := range dirs {
		maps.Copy(packages[""], exported(t, dir))
	}
	checked := 0
	for line := range strings.Lines(readPage(t, page)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range identifier.FindAllStringSubmatch(cells[1], -1) {
			pkg, name := "", m[1]
			if first, rest, ok := strings.Cut(name, "."); ok && !ast.IsExported(first) {
				pkg, name = first, rest
			}
			names, ours := packages[pkg]
			if !ours || pkg == "" && !ast.IsExported(name) { // the standard library's, Django's, or a word of a file
				continue
			}
			if checked++; !names[name] {
				t.Errorf("%s: there is no %s, which stands in\n%s", page, m[1], line)
			}
		}
	}
	return checked
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// exported returns the names that the package in dir declares: "T" for a type, "T.F" for
// its fields and methods.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			declare(names, d)
		}
	}
	return names
}

func declare(names map[string]bool, d ast.Decl) {
	if f, ok := d.(*ast.FuncDecl); ok {
		names[receiver(f)+f.Name.Name] = true
		return
	}
	for _, s := range d.(*ast.GenDecl).Specs {
		switch s := s.(type) {
		case *ast.ValueSpec:
			for _, n := range s.Names {
				names[n.Name] = true
			}
		case *ast.TypeSpec:
			names[s.Name.Name] = true
			for _, member := range members(s.Type) {
				for _, n := range member.Names {
					names[s.Name.Name+"."+n.Name] = true
				}
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	if p, ok := typ.(*ast.StarExpr); ok {
		typ = p.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	return typ.(*ast.Ident).Name + "."
}

func members(typ ast.Expr) []*ast.Field {
	switch typ := typ.(type) {
	case *ast.StructType:
		return typ.Fields.List
	case *ast.InterfaceType:
		return typ.Methods.List
	}
	return nil
}

// django are the public names of django-downloadview 2.5: those of the package
// and its sub-modules, with the attributes, methods and arguments that it adds to
// Django's own.
const django = `
	DownloadMixin BaseDownloadView BaseDownloadView.get
	DownloadMixin.response_class DownloadMixin.attachment DownloadMixin.basename DownloadMixin.mimetype DownloadMixin.encoding
	DownloadMixin.get_file DownloadMixin.get_basename DownloadMixin.get_mimetype DownloadMixin.get_encoding
	DownloadMixin.was_modified_since DownloadMixin.not_modified_response DownloadMixin.download_response
	DownloadMixin.file_not_found_response DownloadMixin.render_to_response
	PathDownloadView PathDownloadView.path PathDownloadView.path_url_kwarg PathDownloadView.get_path PathDownloadView.get_file
	StorageDownloadView StorageDownloadView.storage StorageDownloadView.path StorageDownloadView.get_path StorageDownloadView.get_file
	ObjectDownloadView ObjectDownloadView.file_field ObjectDownloadView.basename_field ObjectDownloadView.encoding_field
	ObjectDownloadView.mime_type_field ObjectDownloadView.charset_field ObjectDownloadView.modification_time_field
	ObjectDownloadView.size_field ObjectDownloadView.get_file ObjectDownloadView.get_basename ObjectDownloadView.get
	HTTPDownloadView HTTPDownloadView.url HTTPDownloadView.request_kwargs HTTPDownloadView.get_request_factory
	HTTPDownloadView.get_request_kwargs HTTPDownloadView.get_url HTTPDownloadView.get_file HTTPDownloadView.base_url
	VirtualDownloadView VirtualDownloadView.get_file VirtualDownloadView.was_modified_since

	StorageFile StorageFile.storage StorageFile.name StorageFile.file StorageFile.open StorageFile.save StorageFile.path
	StorageFile.delete StorageFile.exists StorageFile.size StorageFile.url StorageFile.accessed_time StorageFile.created_time
	StorageFile.modified_time
	VirtualFile VirtualFile(file=) VirtualFile(name=) VirtualFile(url=) VirtualFile(size=) VirtualFile.size
	HTTPFile HTTPFile.request_factory HTTPFile.base_url HTTPFile.url HTTPFile.name HTTPFile.request_kwargs HTTPFile.request
	HTTPFile.file HTTPFile.size HTTPFile.content_type
	TextIteratorIO TextIteratorIO.readable TextIteratorIO.read TextIteratorIO.readline
	BytesIteratorIO BytesIteratorIO.readable BytesIteratorIO.read BytesIteratorIO.readline StringIteratorIO

	DownloadResponse DownloadResponse.file DownloadResponse.basename DownloadResponse.attachment DownloadResponse.file_mimetype
	DownloadResponse.file_encoding DownloadResponse.default_headers DownloadResponse.get_basename DownloadResponse.get_content_type
	DownloadResponse.get_mime_type DownloadResponse.get_encoding DownloadResponse.get_charset DownloadResponse.items
	ProxiedDownloadResponse
	content_disposition encode_basename_ascii encode_basename_utf8

	AUTO_CONFIGURE is_download_response BaseDownloadMiddleware BaseDownloadMiddleware.is_download_response
	BaseDownloadMiddleware.process_response BaseDownloadMiddleware.process_download_response
	RealDownloadMiddleware RealDownloadMiddleware.is_download_response
	DownloadDispatcher DownloadDispatcher.middlewares DownloadDispatcher.dispatch DownloadDispatcher.auto_configure_middlewares
	DownloadDispatcherMiddleware DownloadDispatcherMiddleware.middlewares DownloadDispatcherMiddleware.auto_configure_middlewares
	SmartDownloadMiddleware SmartDownloadMiddleware.dispatcher SmartDownloadMiddleware.backend_factory
	SmartDownloadMiddleware.backend_options SmartDownloadMiddleware.auto_configure_backend_factory
	SmartDownloadMiddleware.auto_configure_backend_options NoRedirectionMatch
	ProxiedDownloadMiddleware ProxiedDownloadMiddleware.source_dir ProxiedDownloadMiddleware.source_url
	ProxiedDownloadMiddleware.destination_url ProxiedDownloadMiddleware.get_redirect_url
	DownloadDecorator DownloadDecorator.middleware_factory signature_required

	x_accel_redirect XAccelRedirectMiddleware SingleXAccelRedirectMiddleware
	XAccelRedirectMiddleware(source_dir=) XAccelRedirectMiddleware(source_url=) XAccelRedirectMiddleware(destination_url=)
	XAccelRedirectMiddleware(expires=) XAccelRedirectMiddleware(with_buffering=) XAccelRedirectMiddleware(limit_rate=)
	XAccelRedirectMiddleware(media_root=) XAccelRedirectMiddleware(media_url=)
	XAccelRedirectResponse XAccelRedirectResponse(redirect_url=) XAccelRedirectResponse(content_type=)
	XAccelRedirectResponse(basename=) XAccelRedirectResponse(expires=) XAccelRedirectResponse(with_buffering=)
	XAccelRedirectResponse(limit_rate=) XAccelRedirectResponse(attachment=) XAccelRedirectResponse(headers=)
	assert_x_accel_redirect XAccelRedirectValidator XAccelRedirectValidator.assert_x_accel_redirect_response
	XAccelRedirectValidator.assert_basename XAccelRedirectValidator.assert_content_type XAccelRedirectValidator.assert_redirect_url
	XAccelRedirectValidator.assert_charset XAccelRedirectValidator.assert_with_buffering XAccelRedirectValidator.assert_expires
	XAccelRedirectValidator.assert_limit_rate XAccelRedirectValidator.assert_attachment
	x_sendfile XSendfileMiddleware XSendfileMiddleware(source_dir=) XSendfileMiddleware(source_url=) XSendfileMiddleware(destination_dir=)
	XSendfileResponse XSendfileResponse(file_path=) XSendfileResponse(content_type=) XSendfileResponse(basename=)
	XSendfileResponse(attachment=) XSendfileResponse(headers=)
	assert_x_sendfile XSendfileValidator XSendfileValidator.assert_x_sendfile_response XSendfileValidator.assert_basename
	XSendfileValidator.assert_content_type XSendfileValidator.assert_file_path XSendfileValidator.assert_attachment

	DOWNLOADVIEW_BACKEND DOWNLOADVIEW_RULES DOWNLOADVIEW_MIDDLEWARES DOWNLOADVIEW_URL_EXPIRATION
	NGINX_DOWNLOAD_MIDDLEWARE_SOURCE_DIR NGINX_DOWNLOAD_MIDDLEWARE_SOURCE_URL NGINX_DOWNLOAD_MIDDLEWARE_DESTINATION_URL
	NGINX_DOWNLOAD_MIDDLEWARE_MEDIA_ROOT NGINX_DOWNLOAD_MIDDLEWARE_MEDIA_URL NGINX_DOWNLOAD_MIDDLEWARE_EXPIRES
	NGINX_DOWNLOAD_MIDDLEWARE_WITH_BUFFERING NGINX_DOWNLOAD_MIDDLEWARE_LIMIT_RATE
	DEFAULT_SOURCE_DIR DEFAULT_SOURCE_URL DEFAULT_DESTINATION_URL DEFAULT_EXPIRES DEFAULT_WITH_BUFFERING DEFAULT_LIMIT_RATE
	get_middlewares deprecated_middleware deprecated_msg setting_name
	SignedFileSystemStorage SignedURLMixin SignedURLMixin.url

	sendfile sendfile(attachment=) sendfile(attachment_filename=) sendfile(mimetype=) sendfile(encoding=)
	FileNotFound content_type_to_charset charset_pattern url_basename import_member __version__

	setup_view temporary_media_root temporary_media_root.enable temporary_media_root.disable assert_download_response
	DownloadResponseValidator DownloadResponseValidator.assert_download_response DownloadResponseValidator.assert_basename
	DownloadResponseValidator.assert_content_type DownloadResponseValidator.assert_mime_type
	DownloadResponseValidator.assert_content DownloadResponseValidator.assert_attachment
`
