package command

// configure is the command "downloadview config". Its argument is "check", or the
// server whose configuration is printed.
type configure struct {
	Check checkConfig `cmd:"" help:"Check a configuration file of downloadview."`
	Print printConfig `cmd:"" default:"withargs" help:"Print the configuration of the proxy in front, such as \"downloadview config nginx\"."`
}

// Help is the long part of --help.
func (*configure) Help() string {
	return `A whole set-up: downloadview on a socket, with nginx in front of it.

  downloadview config nginx --listen :80 --upstream unix:/run/media.sock \
      --rule /srv/media=/_media/ > /etc/nginx/nginx.conf

  downloadview serve --listen "unix:/run/media.sock?group=www-data" --headers private \
      --accel nginx --rule /srv/media=/_media/ /srv/media &

  nginx

  downloadview doctor http://127.0.0.1 --accel nginx --rule /srv/media=/_media/ /srv/media

The first command prints the configuration of nginx. The second starts the application. Its socket is open to the group www-data, which nginx's workers have on Debian; on other systems they have another group, such as nginx. The last command checks the running set-up. All commands get the same rules, as flags or in a file with --config.`
}
