package command

// configure is the command "downloadview config". Any argument but "check" is
// the server whose configuration is printed.
type configure struct {
	Check checkConfig `cmd:"" help:"Check a configuration file of downloadview."`
	Print printConfig `cmd:"" default:"withargs" help:"Print the configuration of the proxy in front, such as \"downloadview config nginx\"."`
}

// Help is the long part of --help.
func (*configure) Help() string {
	return `A whole set-up, with downloadview on a socket and nginx in front of it:

  downloadview config nginx --listen :80 --upstream unix:/run/media.sock \
      --rule /srv/media=/_media/ > /etc/nginx/nginx.conf

  downloadview serve --listen "unix:/run/media.sock?group=www-data" --headers private \
      --accel nginx --rule /srv/media=/_media/ /srv/media &

  nginx

  downloadview doctor http://127.0.0.1 --accel nginx --rule /srv/media=/_media/ /srv/media

The first line prints what nginx is to be told. The second decides about downloads. Its socket is open to the group www-data, which is that of nginx's workers on Debian; other systems have another one, such as nginx. The last checks what came of it. The same rules are given to all, as flags or, by --config, in a file.`
}
