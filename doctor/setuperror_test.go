package doctor_test

import (
	"errors"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/storage/disk"
)

// A SetupError names the field that is wrong, and its value.
func TestSetupError(t *testing.T) {
	const site = "http://127.0.0.1:1"
	for _, tt := range []struct {
		setup doctor.Setup
		field string
		text  string
	}{
		{doctor.Setup{Storage: new(disk.Storage)}, "Site", `doctor: site ""; want a URL such as "http://127.0.0.1:8080"`},
		{doctor.Setup{Site: site + "/?token=1", Storage: new(disk.Storage)}, "Site", `doctor: site "http://127.0.0.1:1/" has a query; want the URL without it`},
		{doctor.Setup{Site: site, App: "ftp://a", Storage: new(disk.Storage)}, "App", `doctor: application "ftp://a"; want a URL such as "http://127.0.0.1:8080"`},
		{doctor.Setup{Site: site, App: "unix:", Storage: new(disk.Storage)}, "App", `doctor: application "unix:" has no path; want one such as unix:/run/downloadview.sock`},
		{doctor.Setup{Site: site, Storage: new(disk.Storage), Server: "apache", Nodes: []string{"10.0.0.11:8081"}}, "Nodes", `doctor: cache nodes of the server "apache"; want the Server nginx, or no Nodes`},
		{doctor.Setup{Site: site, Storage: new(disk.Storage), Server: "nginx", Nodes: []string{"10.0.0.11"}}, "Nodes", `doctor: cache node "10.0.0.11"; want HOST:PORT such as 10.0.0.11:8081`},
		{doctor.Setup{Site: site}, "Storage", "doctor: neither a storage nor a key is given; want a Storage for canary files, or the Key of a file to look at"},
	} {
		_, err := doctor.Run(t.Context(), tt.setup)
		var wrong *doctor.SetupError
		if !errors.As(err, &wrong) || wrong.Field != tt.field || err.Error() != tt.text {
			t.Errorf("error %v, want %s: %s", err, tt.field, tt.text)
		}
	}
}
