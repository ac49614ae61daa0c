# Short names for the commands that the README and CONTRIBUTING.md give in full, and one that is too long to type.

.PHONY: test bench docs lint bench-compare

# test runs the tests of the library; CONTRIBUTING.md has all that must hold.
test:
	go test ./...

# bench compares with net, in about a minute.
bench:
	go run -C bench .

# docs writes the generated parts of the pages, and compares the others with the code.
docs:
	go test ./internal/house -run TestDocs -write

# lint runs the checks that run nothing: format, vet, staticcheck.
lint:
	.ci/run lint

COUNT ?= 6
BENCH ?= .
BENCHTIME ?= 200ms

# bench-compare runs the benchmarks that have the names of package net's own on both packages, by turns, and lets
# benchstat compare them: make bench-compare BENCH=TCP4 COUNT=10
bench-compare:
	@dir=$$(mktemp -d) && trap 'rm -r "$$dir"' EXIT && \
	go test -C bench/netnames -c -o "$$dir/netnames" . && \
	for round in $$(seq $(COUNT)); do \
		for package in net netpoller; do \
			echo "round $$round of $(COUNT), $$package" >&2; \
			"$$dir/netnames" -test.run '^$$' -test.bench '$(BENCH)' -test.benchtime $(BENCHTIME) \
				-package=$$package >>"$$dir/$$package" || { cat "$$dir/$$package"; exit 1; }; \
		done; \
	done && \
	go run golang.org/x/perf/cmd/benchstat@latest net="$$dir/net" netpoller="$$dir/netpoller"
