package spool

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/downloadview/downloadview"
)

// A record is what is known of complete content, besides its bytes.
type record struct {
	ID     ID
	Size   int64
	SHA256 []byte
	Made   time.Time // that of the file; another time means that the two don't belong together

	Name            string
	ETag            string
	ContentType     string `json:",omitempty"`
	ContentEncoding string `json:",omitempty"`
	ContentLanguage string `json:",omitempty"`
	CacheControl    string `json:",omitempty"`
	Expires         string `json:",omitempty"`
	Disposition     string `json:",omitempty"`
}

func newRecord(id ID, name string, a downloadview.Attributes) record {
	return record{
		ID: id, Name: name, Size: a.Size, ETag: a.ETag, ContentType: a.ContentType, ContentEncoding: a.ContentEncoding,
		ContentLanguage: a.ContentLanguage, CacheControl: a.CacheControl, Expires: a.Expires, Disposition: a.Disposition,
	}
}

func (r *record) fileInfo() fs.FileInfo {
	return downloadview.Attributes{
		Size: r.Size, ModTime: r.Made, ETag: r.ETag, ContentType: r.ContentType, ContentEncoding: r.ContentEncoding,
		ContentLanguage: r.ContentLanguage, CacheControl: r.CacheControl, Expires: r.Expires, Disposition: r.Disposition,
		ReprDigest: "sha-256=:" + base64.StdEncoding.EncodeToString(r.SHA256) + ":",
	}.FileInfo(r.Name)
}

// agrees returns why fi is not the file that r describes.
func (r *record) agrees(fi fs.FileInfo) error {
	if fi.Size() != r.Size || !fi.ModTime().Equal(r.Made) {
		return fmt.Errorf("the file has %d bytes of %v, but %d bytes of %v were kept", fi.Size(), fi.ModTime(), r.Size, r.Made)
	}
	return nil
}

func (s *Spool) readRecord(name string) (*record, error) {
	b, err := s.root.ReadFile(recordsDir + "/" + name)
	if err != nil {
		return nil, err
	}
	r := new(record)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, err
	}
	return r, nil
}

// writeRecord replaces the record of name in one step.
func (s *Spool) writeRecord(name string, r *record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	temporary := partsDir + "/" + name + "." + rand.Text() + recordSuffix
	f, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.root.Rename(temporary, recordsDir+"/"+name)
	}
	if err != nil {
		s.root.Remove(temporary)
	}
	return err
}
