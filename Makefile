# The commands that the README names need no make; this one is too long to type.

COUNT ?= 6
BENCH ?= .
BENCHTIME ?= 200ms

# bench-compare runs the benchmarks that have the names of package net's own on both packages, by turns, and lets
# benchstat compare them: make bench-compare BENCH=TCP4 COUNT=10
.PHONY: bench-compare
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
