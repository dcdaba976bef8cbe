# make test    installs what the tests need (Debian, as root) and runs them all
# make check   is test and what else must hold before a change lands
# make soak    runs mixed requests and each fuzz target for ten minutes, which no change waits for
# make tier    starts a whole site, kills one server of each kind, and prints what that did
# make bench   runs the benchmarks whose figures stand in docs/performance.md
# make deb     makes a Debian package of the commit, in dist
# make release makes the files of a release of the tag, in dist

.PHONY: test check soak tier bench deb release fmt

test:
	@scripts/test

check: test
	@scripts/check

soak:
	@scripts/soak

tier:
	@scripts/tier

bench:
	@scripts/bench

deb:
	@scripts/deb

release:
	@scripts/release

fmt: bin/gofumpt
	bin/gofumpt -w .

bin/gofumpt:
	go build -C internal/tools -o "$(CURDIR)/bin/" mvdan.cc/gofumpt
