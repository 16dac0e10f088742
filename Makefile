# What can be done with this clone. Each target says what it does in `make help`; the work is in deploy/local/.
#
# On a bare Debian machine with Rust, `make run` and `make test` are all it takes: what is missing is installed.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Rounds of one soak test and seconds of the other, and arguments for the test runner:  make test ARGS="-p events"
SOAK_ROUNDS ?= 200
SOAK_SECONDS ?= 60
ARGS ?=
# Events of the generated history.
EVENTS ?= 1000000

# A child that ends with make, even if make is killed hard.
WITH_ME := exec setpriv --pdeathsig TERM --
LOCAL := deploy/local

.PHONY: help run stop test lint doc soak bench bench-history clean-local

help: ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## serve on 127.0.0.1:8000 with a private Postgres (BUS=nats: NATS too; DATABASE_URL, NATS_URL: use these)
	@$(WITH_ME) $(LOCAL)/run.sh

stop: ## stop what `make run` has started, from another terminal
	@$(LOCAL)/stop.sh

test: ## check the format, run all tests against a throw-away Postgres (ARGS="-p events": for the runner)
	@$(WITH_ME) $(LOCAL)/test.sh $(ARGS)

lint: ## the format; clippy over everything, warnings are errors; shellcheck over the scripts if it is installed
	@$(LOCAL)/prepare.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run $(LOCAL)/*.sh; fi

doc: ## the crates' documentation in target/doc; a broken link is an error
	@$(LOCAL)/prepare.sh
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items

soak: ## run the soak tests for long; needs cargo-nextest (SOAK_ROUNDS=200, SOAK_SECONDS=60)
	@$(LOCAL)/prepare.sh postgres nats
	@export VECHE_TEST_SOAK_ROUNDS=$(SOAK_ROUNDS) VECHE_TEST_SOAK_SECONDS=$(SOAK_SECONDS); $(WITH_ME) $(LOCAL)/throwaway.sh VECHE_TEST_DATABASE_URL \
		cargo nextest run -p veche-tests --run-ignored all -E 'test(soak)' $(ARGS)

bench: ## measure, in release mode, against a throw-away Postgres that syncs to the disk
	@$(LOCAL)/prepare.sh postgres nats
	cargo build --release -p veche
	@$(WITH_ME) $(LOCAL)/throwaway.sh VECHE_BENCH_DATABASE_URL \
		cargo bench -p event-log -p audit -p veche-tests --bench append --bench notary --bench message_path $(ARGS)

bench-history: ## what 1,000,000 events cost: rebuild, verify, export, as_of (EVENTS=1000000)
	@$(LOCAL)/prepare.sh postgres nats
	cargo build --release -p veche
	@export VECHE_BENCH_EVENTS=$(EVENTS); $(WITH_ME) $(LOCAL)/throwaway.sh VECHE_BENCH_DATABASE_URL \
		cargo bench -p veche-tests --bench history $(ARGS)

clean-local: ## stop everything and forget the local database, files and logs (.local/)
	@$(LOCAL)/clean.sh
