package downloadview

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

// uselessTimes are times that container images, packages and archives give to all files.
var uselessTimes = []time.Time{
	time.Unix(0, 0),
	time.Unix(0, 1),
	time.Unix(1, 0),
	time.Unix(-3600, 0),
	time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(1980, 1, 1, 0, 0, 0, 0, time.FixedZone("", -12*3600)),
	time.Unix(earliest, 0).Add(-1),
}

func TestUsefulModTime(t *testing.T) {
	for _, at := range uselessTimes {
		if UsefulModTime(at) || !saysNothing(at) {
			t.Errorf("%v tells a version", at)
		}
	}
	if first := time.Date(1981, 1, 1, 0, 0, 0, 0, time.UTC); !UsefulModTime(first) || saysNothing(first) {
		t.Errorf("%v tells no version", first)
	}
	if UsefulModTime(time.Time{}) || saysNothing(time.Time{}) {
		t.Error("a time that is not known is taken for one")
	}
}

// The tags of a file of ten bytes from nginx, Apache, Caddy (up to 2.6, and later), and
// the drivers of the Go CDK.
func TestTagsOfTime(t *testing.T) {
	second, image := time.Unix(1, 0), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		tag  string
		at   time.Time
		size int64
		want string
	}{
		{`"1-a"`, second, 10, ""},
		{`"12cea600-a"`, image, 10, ""},
		{`"a-f4240"`, second, 10, ""},
		{`"2f-a-f4240"`, second, 10, ""},
		{`"1a"`, second, 10, ""},
		{`"` + strconv.FormatInt(second.UnixNano(), 36) + `-a"`, second, 10, ""},
		{fmt.Sprintf(`"%x-%x"`, image.UnixNano(), 10), image, 10, ""},
		{`W/"1-a"`, second, 10, ""},
		{`"v1"`, second, 10, `"v1"`},
		{`"d41d8cd98f00b204e9800998ecf8427e"`, second, 10, `"d41d8cd98f00b204e9800998ecf8427e"`},
		{`"1-a"`, time.Time{}, 10, `"1-a"`},
		{`"65c0f0a0-a"`, time.Unix(0x65c0f0a0, 0), 10, `"65c0f0a0-a"`},
	} {
		a := Attributes{Size: tt.size, ModTime: tt.at, ETag: tt.tag}
		got := AttributesOf(a.FileInfo("a"))
		if got.ETag != tt.want || !got.ModTime.Equal(tt.at) {
			t.Errorf("tag %s of %v: %s and %v, want %s and the time as it is", tt.tag, tt.at, got.ETag, got.ModTime, tt.want)
		}
	}
}

// A dated file has the same time and size in all its versions.
type dated struct {
	File
	at time.Time
}

func (f dated) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	if err != nil {
		return nil, err
	}
	return datedHandle{h.(*os.File), f.at}, nil
}

type datedHandle struct {
	*os.File
	at time.Time
}

func (h datedHandle) Stat() (fs.FileInfo, error) {
	fi, err := h.File.Stat()
	return datedInfo{fi, h.at}, err
}

type datedInfo struct {
	fs.FileInfo
	at time.Time
}

func (i datedInfo) ModTime() time.Time { return i.at }

// datedObject returns an object whose tag is like that of the drivers of the Go CDK.
func datedObject(content string, at time.Time) *object {
	o := newObject(content)
	o.ModTime = at
	o.ETag = fmt.Sprintf(`"%x-%x"`, at.UnixNano(), len(content))
	return o
}

// A client that has a version with a useless time gets the whole next version, which has
// the same size and time.
func TestUselessTimesMakeNoValidators(t *testing.T) {
	const before, after = "0123456789", "abcdefghij"
	local := newLocalFile(t, "a.txt", before)
	for _, at := range uselessTimes {
		object := datedObject(before, at)
		record := func(f File) View {
			return ObjectView[File]{
				Object:     func(*http.Request) (File, error) { return f, nil },
				File:       func(f File) (File, error) { return f, nil },
				Attributes: func(File) Attributes { return Attributes{Size: 10, ModTime: at, ETag: object.ETag} },
			}
		}
		handed := func(style TagStyle, v Validators) View {
			p := likeNginx
			p.Terms = &Terms{Tag: style, Validators: v}
			return p.middleware(fileResponse(Response{File: withSourceOf{dated{local, at}, local}, CheckFirst: true}))
		}
		for name, v := range map[string]View{
			"local":                     fileView(dated{local, at}),
			"object":                    fileView(object),
			"object, remembered":        record(object),
			"local, remembered":         record(dated{local, at}),
			"the view's time":           fileResponse(Response{File: local, ModTime: at, ETag: `"own"`}),
			"nginx":                     handed(NginxTag, ProxyValidators),
			"Caddy 2.6":                 handed(CaddyTag, ProxyValidators),
			"Caddy":                     handed(NanosecondTag, OurTag),
			"Apache":                    handed(NanosecondTag, OurValidators),
			"Apache, tag of the view":   withTag(handed(NanosecondTag, OurValidators)),
			"signed URL":                fileResponse(Response{File: signedObject{object, nil}, CheckFirst: true, Offloader: linking{}}),
			"redirect":                  fileResponse(Response{File: signedObject{object, nil}, CheckFirst: true, Offloader: linking{status: 302}}),
			"the proxy's tag, streamed": Middleware(proxy{Handover{Terms: &Terms{Tag: NginxTag}}}.middleware)(fileView(withSourceOf{dated{local, at}, local})),
		} {
			write(t, local, before)
			object.content = before
			s := serve(t, NewHandler(v, &Options{Logger: discard}))
			first := ask(t, s.URL, "GET")
			ownTag := first.header.Get("Etag") == `"own"`
			if first.body != before || first.header.Get("Last-Modified") != "" || first.header.Get("Etag") != "" && !ownTag {
				t.Errorf("%s, %v: %q, Last-Modified %q, ETag %q; want neither date nor tag", name, at, first.body, first.header.Get("Last-Modified"), first.header.Get("Etag"))
			}
			if head := ask(t, s.URL, "HEAD"); head.header.Get("Etag") != first.header.Get("Etag") || head.header.Get("Last-Modified") != "" {
				t.Errorf("%s, %v: HEAD has the tag %q and the date %q", name, at, head.header.Get("Etag"), head.header.Get("Last-Modified"))
			}
			if ownTag {
				continue // the view answers for it
			}
			write(t, local, after)
			object.content = after
			date := at.UTC().Format(http.TimeFormat)
			requests := [][]string{
				{"If-Modified-Since", date},
				{"If-Modified-Since", changed.Format(http.TimeFormat)},
				{"Range", "bytes=5-", "If-Range", date},
			}
			for _, tag := range []string{
				fmt.Sprintf(`"%x-a"`, at.Unix()), fmt.Sprintf(`"%x-a"`, at.UnixNano()), object.ETag,
				`"` + strconv.FormatInt(at.Unix(), 36) + `a"`,
			} {
				requests = append(requests, []string{"If-None-Match", tag}, []string{"Range", "bytes=5-", "If-Range", tag})
			}
			for _, fields := range requests {
				if got := ask(t, s.URL, "GET", fields...); got.err != nil || got.status != 200 || got.body != after {
					t.Errorf("%s, %v, %v: %d %q, %v; want the new version whole", name, at, fields, got.status, got.body, got.err)
				}
			}
		}
	}
}

// withSourceOf is a file with the source of other.
type withSourceOf struct {
	File
	other File
}

func (f withSourceOf) Source() (Source, bool) { return SourceOf(f.other) }

func withTag(v View) View {
	return ViewFunc(func(r *http.Request) (Response, error) {
		resp, err := v.Respond(r)
		resp.ETag = `"own"`
		return resp, err
	})
}

func write(t *testing.T, f localFile, content string) {
	t.Helper()
	if err := os.WriteFile(string(f), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
