# The project's commands. Everything that is longer than a line stands in tools/.
#
# On a fresh Debian or Ubuntu with git, make, a C compiler, Rust and Python 3, `make demo` and `make test` need nothing else.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TARGET_DIR := $(CURDIR)/target
CARGO ?= cargo
ROUNDS ?= 5
SECONDS ?= 60

.PHONY: help demo test test-all fuzz bench compare package fmt doc book pictures clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## a real JupyterHub on this machine, a service account, a check, and nothing left behind
	@tools/setup python rust
	$(CARGO) build --locked -p hubprobe
	@target/debug/hubprobe demo

test: ## format, lints, licences, all tests; the hubs are real ones (30 minutes at most on two cores)
	@tools/test

test-all: ## test, and the slow matrices
	@HUBPROBE_TEST=all tools/test

fuzz: ## the decoders against what nobody should send, a minute each (SECONDS=60); wants a nightly toolchain
	@tools/fuzz $(SECONDS)

bench: ## the same visit by a script and by hubprobe, on one hub (ROUNDS=5)
	@tools/setup python rust
	$(CARGO) build --locked --release -p hubprobe
	@python3 benches/visit/run.py --hubprobe target/release/hubprobe --rounds $(ROUNDS)

package: ## a wheel, a Debian package and a tarball, in target/packages; see docs/install.md
	@tools/setup python rust
	@tools/package all target/packages

compare: ## the tools of the field on the same faults, and docs/comparison.md anew (PYTHON=PATH: one of 3.13 or newer, for hucl)
	@tools/setup python rust nginx slurm
	$(CARGO) build --locked -p hubprobe
	@python3 benches/peers/run.py --hubprobe target/debug/hubprobe --out benches/peers/results.json $(if $(PYTHON),--python $(PYTHON))
	UPDATE=1 $(CARGO) test --locked -p hubprobe --test generated

fmt: ## format the code
	$(CARGO) fmt --all

doc: ## the documentation of the crates, in target/doc
	$(CARGO) doc --locked --workspace --no-deps

book: ## the documentation as a book, in target/book (installs mdbook into the cache)
	@tools/book

pictures: ## the pictures of README anew, from a real run (wants chromium)
	@tools/pictures

clean: ## remove what was built; the caches of environments outside the tree stay
	$(CARGO) clean
