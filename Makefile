# Everything one does with Wideberth from a shell. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Settings, for example `make test SAN=address` or `make fuzz FUZZ_SECONDS=600`.
SAN ?=
FUZZ_SECONDS ?= 60
PAIRS ?= 1000000
BENCH_ARGS ?=
POSTGIS ?=
ONCE ?=
N ?= 2000

.PHONY: help run build data test bench fuzz crash conformance geometry-long lint format coverage clean

help: ## List these
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: build ## Three parties declare recorded flights, are told, acknowledge, prove; then it serves (ONCE=1: it ends)
	@ONCE=$(ONCE) scripts/run.sh

build: ## Build the program: build/release/wideberth
	@scripts/setup.sh build test
	@scripts/build.sh release wideberth

data: ## Fetch the recorded flights into data/ (28 MB, once)
	@scripts/fetch-data.sh

test: ## Build and run every test, fuzzing each parser briefly; SAN=address or SAN=thread for a sanitizer
	@SAN=$(SAN) scripts/test.sh

fuzz: ## Fuzz each parser for FUZZ_SECONDS (60), keeping what is found in build/fuzz-corpus/
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

geometry-long: ## Compare the geometry with the ellipsoid's truth on PAIRS (1000000) random pairs
	@scripts/setup.sh build test
	@scripts/build.sh release geometry_truth_test
	@"$$(find build/release -name geometry_truth_test -type f -perm -u+x -print -quit)" --pairs=$(PAIRS)

crash: ## Kill the server N (2000) times while clients write; nothing that was answered may be lost
	@scripts/setup.sh build test
	@scripts/build.sh release wideberth faulty_disk
	@python3 test/crash_test.py build/release/wideberth build/release/test/libfaulty_disk.so --cycles $(N)

conformance: ## Hold the server to its description with N (2000) requests drawn for each operation
	@scripts/setup.sh build test
	@scripts/build.sh release wideberth
	@scripts/python-venv.sh build/contract-venv test/contract/requirements.txt
	@python3 test/contract/contract_test.py build/release/wideberth build/contract-venv --examples $(N)

bench: ## Run the benchmarks; BENCH_ARGS=--help for more, POSTGIS=1 installs PostGIS to compare with
	@POSTGIS=$(POSTGIS) scripts/bench.sh $(BENCH_ARGS)

lint: ## Check layout (clang-format) and run clang-tidy
	@scripts/lint.sh

format: ## Lay out all C++ with clang-format
	@scripts/setup.sh lint
	@scripts/lint.sh --format

coverage: ## Measure which lines the tests reach: a summary by module, pages in build/coverage/report/
	@scripts/coverage.sh

clean: ## Remove build/ (the data stays in data/)
	@rm -rf build
