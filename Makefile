# `make demo` and `make test` do all the set-up they need; a repeat run does none.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup page lock demo demo-dispute demo-lease flow govern check-scripts compile abi abi-check test test-deep test-web test-mutants explore prove reference lint lint-python lint-solidity \
    lint-slither lint-web format examples-check bench bench-check bench-floors bench-peers bench-engine bench-market bench-cluster soak month check-gpu check-wheel clean FORCE

BIN := .venv/bin
SOLC := .cache/solcx/solc-v0.8.30
READY := .venv/.installed .venv/.package .cache/older/.installed node_modules/.installed $(SOLC)

PAGE := suanli/relay/server/built_page/index.html

PIN := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
SOURCES := 'contracts/**/*.sol' 'interfaces/**/*.sol'

# Brownie keeps accounts, networks and errors under HOME; runs that must not depend on them
# get a home of their own, and a port of their own for the chain. They start many processes: compiled
# modules are kept, whatever the environment says.
ALONE := mkdir -p .cache/home && export HOME="$(CURDIR)/.cache/home" SUANLI_CHAIN_PORT=auto PYTHONDONTWRITEBYTECODE= &&

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## Install everything into this folder
	@$(MAKE) --no-print-directory $(PAGE) || echo "setup: without the page that a relay shows to browsers; later: make page"
	@echo "Ready: source .venv/bin/activate, then brownie, pytest and suanli work."

# Scripts of an environment name its path: in a moved or copied checkout it is made anew.
MOVED := $(shell [ ! -s .venv/.installed ] || [ "$$(cat .venv/.installed)" = "$(CURDIR)" ] || echo FORCE)
FORCE:

.venv/.installed: requirements.txt $(wildcard tools/venv/*) $(MOVED)
	@tools/setup.sh python
	@echo "$(CURDIR)" > $@

.venv/.package: .venv/.installed pyproject.toml
	@tools/setup.sh package
	@touch $@

.cache/older/.installed: requirements-older.txt | .venv/.installed
	@tools/setup.sh older
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc
	@tools/setup.sh node
	@touch $@

$(SOLC): .venv/.installed node_modules/.installed tools/setup.sh tools/native_solc.py tools/solc.js
	@tools/setup.sh solc
	@touch $@

.venv-slither/.installed: requirements-lint.txt | .venv/.installed
	@tools/setup.sh slither
	@touch $@

.venv-prove/.installed: requirements-prove.txt $(wildcard tools/prove/*) | .venv/.installed
	@tools/setup.sh prove
	@touch $@

.venv-ipfs/.installed: requirements-ipfs.txt $(wildcard tools/ipfs/*.json) | .venv/.installed node_modules/.installed
	@tools/setup.sh ipfs
	@touch $@

.venv-notebook/.installed: requirements-notebook.txt | .venv/.installed
	@tools/setup.sh notebook
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json | node_modules/.installed
	@tools/setup.sh web
	@touch $@

page: $(PAGE) ## Build the page that a relay shows to browsers

$(PAGE): web/node_modules/.installed $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts
	@npm --prefix web run --silent build
	@touch $@

lock: .venv/.installed ## Pin the newest allowed Python packages
	$(PIN) --override requirements-overrides.txt --extra python --extra dask --extra postgresql pyproject.toml requirements.in -o requirements.txt
	$(PIN) requirements-lint.in -o requirements-lint.txt
	$(PIN) requirements-prove.in -o requirements-prove.txt
	$(PIN) requirements-ipfs.in -o requirements-ipfs.txt
	$(PIN) requirements-notebook.in -o requirements-notebook.txt
	$(PIN) requirements-older.in -o requirements-older.txt

demo: $(READY) ## Run a job on a whole market on this machine; one miner dies half way
	@$(BIN)/python -m suanli.cli.demo

demo-dispute: $(READY) ## A miner lies, is audited, judged and slashed; CHEAT=none, KEEP=1: the chain stays
	@$(BIN)/python -m tools.demo_dispute

demo-lease: $(READY) ## A room, a file kept, 2,000 tiny tasks, paid in steps; PART=session, KILL=miner, VOUCHER=none, KEEP=1
	@$(BIN)/python -m tools.demo_lease

flow: $(READY) ## Tell the contracts' own story: a deal in ten steps
	@$(ALONE) $(BIN)/brownie run market_flow

govern: $(READY) ## Tell a vote: a fee changes, from the proposal to the effect; VOTE=against
	@$(ALONE) $(BIN)/brownie run governance

# Ganache, the source document's chain, is the second one that scripts must run on.
check-scripts: $(READY) ## Run the scripts deploy, market_flow and governance on Anvil and on Ganache
	@$(ALONE) set -e; for network in development ganache-cli; do for script in deploy market_flow governance; do \
	    $(BIN)/brownie run $$script --network $$network; \
	done; done

compile: $(READY) ## Compile the contracts that changed
	@$(ALONE) $(BIN)/brownie compile

# --all, since Brownie does not see changed comments, and they are part of the bytecode's metadata hash.
abi: $(READY) ## Ship the contracts in the package: ABIs and bytecode
	@$(ALONE) $(BIN)/brownie compile --all
	@$(BIN)/python tools/export_abi.py

abi-check: compile ## Fail if the package ships other contracts than are built
	@$(BIN)/python tools/export_abi.py --check

# Compiled before, since each of the processes would tidy up after Brownie's compiler. Two processes
# more than cores, since a test waits for others a quarter of its time.
test: compile ## Run the tests, on all cores
	@$(ALONE) $(BIN)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 2))

test-deep: compile .venv-ipfs/.installed .venv-notebook/.installed ## Run the tests that take long, too
	@$(ALONE) $(BIN)/pytest -n auto --dist loadgroup -m "" --hypothesis-profile=deep
	@$(MAKE) --no-print-directory month MINUTES=60

test-web: $(READY) $(PAGE) ## Test the web library, by a deal with a real miner as well, and the page in Chromium; DEEP=1 takes cases before jurors to their ends, too
	@npm --prefix web run --silent test
	@$(ALONE) npm --prefix web run --silent test:deal
	@tools/setup.sh chromium
	@npm --prefix web run --silent test:browser
	@$(if $(DEEP),npm --prefix web run --silent test:case,true)

STEPS := 1000000
explore: compile ## Try STEPS random calls on the contracts beside their model; keep seeds that fail
	@$(ALONE) $(BIN)/python -m tests.contracts.stateful.explore --steps $(STEPS)

test-mutants: compile ## Put small faults into the contracts and see that the tests notice; NEW=110 lists others
	@$(ALONE) $(BIN)/python -m tests.mutants.run $(if $(NEW),--new $(NEW))

# Z3 on the arithmetic (also among the tests), Halmos on the bytecode of the sum tree. Named in full, since
# Halmos looks for its solver in whatever environment is active.
prove: $(READY) .venv-prove/.installed ## Prove the arithmetic and the sum tree for all values
	@$(BIN)/pytest -q -p no:pytest-brownie tests/proofs
	@export FOUNDRY_CONFIG=tests/proofs/foundry.toml PATH="$(CURDIR)/tools/prove/node_modules/@foundry-rs/forge-linux-amd64/bin:$$PATH"; \
	    .venv-prove/bin/halmos --root . --forge-build-out .cache/prove/out --loop 8 --no-status \
	    --solver-command "$(CURDIR)/.venv-prove/bin/yices-smt2"

bench: compile ## Measure gas and write benchmarks/gas-snapshot.json
	@$(ALONE) $(BIN)/python -m benchmarks.gas

bench-check: compile ## Fail if gas or bytecode size drifted from the snapshot
	@$(ALONE) $(BIN)/python -m benchmarks.gas --check

bench-floors: compile ## Trace every call: what its gas goes to, beside the least that it must pay
	@$(BIN)/python -m benchmarks.floors

bench-peers: .venv/.installed ## Print gas a task beside other markets and draw docs/peers.svg
	@$(BIN)/python -m benchmarks.peers

bench-engine: $(READY) ## Measure the task engine; writes reports/bench-engine.json
	@$(BIN)/python -m benchmarks.native
	@$(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.host_calls
	@$(BIN)/python -m benchmarks.instructions

bench-market: $(READY) ## Measure miner, relay and requester together
	@$(BIN)/python -m benchmarks.market

bench-cluster: $(READY) ## Measure a cluster of dask.distributed, and dask.distributed alone
	@$(BIN)/python -m benchmarks.cluster

check-wheel: $(READY) $(PAGE) ## Build package and source archive; install the package alone and run a job with it
	@$(BIN)/python -m tools.check_wheel

check-gpu: $(READY) ## Try rooms with a GPU on a machine that has one, as root; writes reports/gpu.json
	@$(BIN)/python -m tools.gpu.check

MINUTES := 30
soak: $(READY) ## Run jobs for MINUTES while parts are killed and the chain is rewritten
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

month: $(READY) ## Run a market for days of two MINUTES each, with restarts; see that nothing goes on growing
	@$(BIN)/python -m benchmarks.month --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

examples-check: ## Build the examples anew and compare (needs clang, see examples/README.md)
	@examples/rebuild.sh

reference: compile ## Write reports/reference: the Python packages' surfaces and the contracts' interfaces
	@$(BIN)/python -m tools.reference.build

lint: lint-python lint-solidity lint-slither lint-web ## Check formatting, style, types and Slither's findings

lint-python: $(READY)
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter

lint-solidity: $(READY)
	node_modules/.bin/prettier --log-level warn --check $(SOURCES)
	node_modules/.bin/solhint --noPoster --max-warnings 0 -f unix $(SOURCES)
	tools/check_reasons.sh

# High and medium findings fail; the lower ones are style, which solhint judges.
lint-slither: $(READY) .venv-slither/.installed
	.venv-slither/bin/slither contracts --disable-color

lint-web: web/node_modules/.installed
	npm --prefix web run --silent check

format: $(READY) web/node_modules/.installed ## Format Solidity, Python and TypeScript
	$(BIN)/ruff check -q --fix-only .
	$(BIN)/ruff format -q .
	node_modules/.bin/prettier --log-level warn --write $(SOURCES)
	npm --prefix web run --silent format

clean: ## Remove everything that set-up and the tools made
	rm -rf $(dir $(PAGE)) .venv .venv-ipfs .venv-notebook .venv-slither .venv-prove tools/ipfs/node_modules tools/prove/node_modules web/node_modules .cache node_modules build reports dist
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
