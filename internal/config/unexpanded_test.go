package config_test

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

func TestCheckExpanded(t *testing.T) {
	for path, want := range map[string]string{
		"$HOME/media":                        "has $HOME in it",
		"/home/$USER/media":                  "has $USER in it",
		"${MEDIA_ROOT}":                      "has ${MEDIA_ROOT} in it",
		"/srv/${root}/x":                     "has ${root} in it",
		"s3://$BUCKET?region=x":              "has $BUCKET in it",
		"s3://reports?prefix=$YEAR&region=x": "has $YEAR in it",
		"~":                                  `begins with "~"`,
		"~/media":                            `begins with "~"`,
		"~www-data/media":                    `begins with "~www-data"`,
		"/srv/media":                         "",
		"./~/media":                          "",
		"/srv/~/media":                       "",
		"/srv/~backup":                       "",
		"/srv/$RECYCLE.BIN":                  "",
		"/srv/C$/x":                          "",
		"/srv/US$HOME/x":                     "",
		"/srv/$lower":                        "",
		"s3://reports?prefix=~tmp/":          "",
	} {
		err := config.CheckExpanded(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", path, err, want)
		}
	}
}

// A variable or "~" is an error wherever the file has a path or an address.
func TestNothingIsExpanded(t *testing.T) {
	const rest = "proxies: {front: nginx}\nrules: [{id: a, source: /a, destination: /_a/}]\n"
	for _, text := range []string{
		"storages: {a: ~/media}",
		"storages: {a: $HOME/media}",
		"storages: {a: {url: /srv/$USER}}",
		"storages: {a: s3://$BUCKET}",
		"listen: unix:~/app.sock",
		"proxies: {a: {server: nginx, listen: 127.0.0.1:1, upstream: unix:$HOME/app.sock}}",
		"proxies: {a: {server: nginx, folder: /var/$USER/x}}",
		"proxies: {a: nginx}\nrules: [{id: a, source: $HOME/a, destination: /_a/}]",
		"proxies: {a: nginx}\nrules: [{id: a, source: s3://$BUCKET, destination: /_a/}]",
		"proxies: {a: apache}\nrules: [{id: a, source: /a, destination: /home/$USER}]",
		"proxies: {a: nginx}\nrules: [{id: a, source: /a, destination: /_a/, directory: /home/$USER}]",
	} {
		if _, err := config.Parse("f", []byte(text)); err == nil || !strings.Contains(err.Error(), "not expanded; want") {
			t.Errorf("%s: %v, want that nothing is expanded", text, err)
		}
	}
	parse(t, "f", "storages: {a: ./~/media}\n"+rest)
}
