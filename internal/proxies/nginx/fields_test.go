package nginx_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
)

// The configuration and package accel use the same names for the fields that are only
// for nginx.
func TestNginxPrivateNames(t *testing.T) {
	p := accel.Nginx()
	var sent, known []string
	for _, f := range p.Terms.Private {
		sent = append(sent, f.Name+" as "+f.As)
	}
	for _, name := range nginx.PrivateFields() {
		known = append(known, name+" as "+nginx.PrivatePrefix+name)
	}
	if diff := cmp.Diff(sent, known); diff != "" {
		t.Errorf("private fields (-sent +known):\n%s", diff)
	}
	if p.Terms.CodingField != nginx.CodingField {
		t.Errorf("Content-Encoding is sent as %s, and known as %s", p.Terms.CodingField, nginx.CodingField)
	}
	if p.URLField != nginx.URLField {
		t.Errorf("a signed URL is sent as %s, and known as %s", p.URLField, nginx.URLField)
	}
}
