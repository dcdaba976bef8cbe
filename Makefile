# make test   installs what the tests need (Debian, as root) and runs them all
# make check  is test and what else must hold before a change lands
# make bench  runs the benchmarks whose figures stand in docs/performance.md

.PHONY: test check bench fmt

test:
	@scripts/test

check: test
	@scripts/check

bench:
	@scripts/bench

fmt: bin/gofumpt
	bin/gofumpt -w .

bin/gofumpt:
	go build -C internal/tools -o "$(CURDIR)/bin/" mvdan.cc/gofumpt
