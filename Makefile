# Five verbs for people, hooks and CI alike. Nothing is needed before them but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
TICKETS := $(VENV)/.kerberos

.DEFAULT_GOAL := help
.PHONY: help setup demo story test check bench chaos faults run programs lock clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) .env ## virtual environment, locked dependencies, .env from the example

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "CertDesk needs Python 3.11 or newer; set PYTHON=/path/to/it."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.env:
	cp .env.example .env

demo: setup ## the whole toy world with the bot in it; prints one address
	$(BIN)/python -m sandbox

story: setup ## one whole order without a person, through real wires
	$(BIN)/python -m sandbox.story

# Three at once on two cores, because whole stories wait more than they work; the longest files are dealt out first.
test: setup programs $(TICKETS) ## all tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# After the programs, because it is built from source. Where its tools are missing the tests of Kerberos are skipped, and say so.
$(TICKETS): requirements-kerberos.lock $(STAMP) | programs
	@if command -v krb5-config >/dev/null 2>&1 && command -v gcc >/dev/null 2>&1; then \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-kerberos.lock && touch $@; \
	else \
	  echo "Kerberos is not installed: it is built with gcc, python3-dev and libkrb5-dev."; [ "$${CI:-}" != "true" ]; \
	fi

check: setup ## format, lint, types, walls, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bot handlers sandbox tests bench
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit tests/test_house.py -n 2

bench: setup ## benchmarks; one JSON file each in bench/results
	$(BIN)/python -m bench

faults: setup ## play every fault at every step of an order, and print docs/exchange-faults.md
	$(BIN)/python -m tests.contract.fault_page

chaos: setup programs ## kills that hit work, and races: KILLS=, RACES=, DB=sqlite|postgres, OUTAGES= and DOORS= (of PostgreSQL), MINUTES= (at the most), SEED=; ends with one line of JSON
	@$(BIN)/python -m bench.chaos --kills $(or $(KILLS),20) --races $(or $(RACES),20) --db $(or $(DB),sqlite) $(if $(OUTAGES),--outages $(OUTAGES)) $(if $(DOORS),--doors $(DOORS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

run: setup ## against a real workspace, with .env and certdesk.toml filled in
	$(BIN)/certdesk run

programs: ## Chromium, PostgreSQL and a KDC for the tests: installed where apt can, told how elsewhere
	@deploy/machine/need-test-programs

lock: ## resolve the dependencies anew into the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q pyproject.toml --group dev -o requirements-dev.lock
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["kerberos"], sep="\n")' \
	  | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q - -o requirements-kerberos.lock

clean: ## remove what the verbs made
	rm -rf $(VENV) var bench/results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
